import { parseProperties } from '../../base/properties.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext, BrokerHandler } from '../brokerContext.ts';
import { SUCCESS, successBody } from '../reply.ts';

/*
 * What a broker of Apache's answers whose throttling of cold reads, controller and RocksDB are off, as they are by
 * default. Source: AdminBrokerProcessor.java, ColdDataCgCtrService.java.
 */

export const absentFeatureHandlers: readonly (readonly [RequestCode, BrokerHandler])[] = [
  [RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, updateColdDataLimits],
  [RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG, removeColdDataLimit],
  [RequestCode.GET_COLD_DATA_FLOW_CTR_INFO, getColdDataLimits],
  [RequestCode.SET_COMMITLOG_READ_MODE, setReadMode],
  [RequestCode.CHECK_ROCKSDB_CQ_WRITE_PROGRESS, checkRocksDb],
  [RequestCode.EXPORT_ROCKSDB_CONFIG_TO_JSON, exportRocksDb],
  [RequestCode.GET_BROKER_EPOCH_CACHE, getEpochs],
  [RequestCode.POP_ROLLBACK, rollBackPop],
];

/** UPDATE_COLD_DATA_FLOW_CTR_CONFIG 2001: `group=bytes` lines; kept until the stop, and nothing is throttled by it. */
function updateColdDataLimits({ coldDataLimits }: BrokerContext, { command }: IncomingRequest): Reply {
  for (const [group, limit] of parseProperties(command.body.toString('utf8'))) {
    if (/^-?\d+$/.test(limit) && coldDataLimits.size < MAX_LIMITS) coldDataLimits.set(group, Number(limit));
  }
  return SUCCESS;
}

/** So that they cannot fill the memory; each is a group's. */
const MAX_LIMITS = 100_000;

/** REMOVE_COLD_DATA_FLOW_CTR_CONFIG 2002: the body names the group. */
function removeColdDataLimit({ coldDataLimits }: BrokerContext, { command }: IncomingRequest): Reply {
  coldDataLimits.delete(command.body.toString('utf8'));
  return SUCCESS;
}

/** GET_COLD_DATA_FLOW_CTR_INFO 2003. */
function getColdDataLimits({ coldDataLimits, config }: BrokerContext): Reply {
  const info = {
    cgColdReadThreshold: config.cgColdReadThreshold,
    configTable: Object.fromEntries(coldDataLimits),
    globalAcc: 0,
    globalColdReadThreshold: config.globalColdReadThreshold,
    runtimeTable: {},
  };
  return successBody(Buffer.from(stringifyFastjson(info)));
}

/** Values of madvise: how the system should read ahead. */
const [MADV_NORMAL, MADV_RANDOM] = ['0', '1'];

/** SET_COMMITLOG_READ_MODE 2004: a hint to the system about mapped files, and this store maps none. */
function setReadMode(_broker: BrokerContext, { command }: IncomingRequest): Reply {
  const mode = command.extFields['READ_AHEAD_MODE'];
  if (mode === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'set commitlog readahead mode param error' };
  }
  if (mode !== MADV_NORMAL && mode !== MADV_RANDOM) {
    return { code: ResponseCode.INVALID_PARAMETER, remark: 'set commitlog readahead mode param value error' };
  }
  return { code: ResponseCode.SUCCESS, remark: `set commitlog readahead mode success, mode: ${mode}` };
}

/** CHECK_ROCKSDB_CQ_WRITE_PROGRESS 354: the result goes to the log of a broker, and there is nothing to find. */
function checkRocksDb(): Reply {
  return successBody(Buffer.from(stringifyFastjson({ checkStatus: CHECK_IN_PROGRESS })));
}

const CHECK_IN_PROGRESS = 2;

/** EXPORT_ROCKSDB_CONFIG_TO_JSON 355: the configuration is JSON already. */
function exportRocksDb(): Reply {
  return { code: ResponseCode.SUCCESS, remark: 'export done.' };
}

/** GET_BROKER_EPOCH_CACHE 1007. */
function getEpochs(): Reply {
  return { code: ResponseCode.SYSTEM_ERROR, remark: 'this request only for controllerMode ' };
}

/** POP_ROLLBACK 200056: what POP keeps lies in topics already, and in no other store that could be emptied into them. */
function rollBackPop(): Reply {
  return SUCCESS;
}
