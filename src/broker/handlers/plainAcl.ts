import { RequestCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import {
  accessConfigVersion,
  deleteAccessConfig as deleteFields,
  updateAccessConfig as updateFields,
  updateWhiteAddresses as whiteAddressFields,
} from '../../protocol/requests/auth.ts';
import { notSupported } from '../../remoting/notSupported.ts';
import type { BrokerHandler } from '../brokerContext.ts';
import { SUCCESS, success, successBody } from '../reply.ts';

/* The accounts of ACL 1.0. Brokers without `aclEnable`, like those from 5.3 on, do not know these codes. */

/** Codes of 4.9, which name other things since 5.0. Source: ResponseCode.java of 4.9. */
const Failed = { UPDATE_ACCOUNT: 209, DELETE_ACCOUNT: 210, UPDATE_WHITE_ADDRESSES: 211 } as const;

/** UPDATE_AND_CREATE_ACL_CONFIG 50. Source: AdminBrokerProcessor.java of 4.9. */
const updateAccessConfig: BrokerHandler = (broker, request) => {
  const { plainAcl } = broker.security;
  if (plainAcl === undefined) return notSupported(request);
  const fields = decodeFields(updateFields, request.command.extFields);
  const problem = plainAcl.update({
    ...fields,
    secretKey: fields.secretKey ?? '',
    admin: fields.admin ?? false,
    topicPerms: list(fields.topicPerms),
    groupPerms: list(fields.groupPerms),
  });
  return problem === undefined ? SUCCESS : { code: Failed.UPDATE_ACCOUNT, remark: problem };
};

/** DELETE_ACL_CONFIG 51. */
const deleteAccessConfig: BrokerHandler = (broker, request) => {
  const { plainAcl } = broker.security;
  if (plainAcl === undefined) return notSupported(request);
  const { accessKey } = decodeFields(deleteFields, request.command.extFields);
  if (plainAcl.delete(accessKey)) return SUCCESS;
  const remark = `The accesskey[${accessKey}] corresponding to accessConfig has been deleted failed.`;
  return { code: Failed.DELETE_ACCOUNT, remark };
};

/** GET_BROKER_CLUSTER_ACL_INFO 52. */
const getAccessConfigVersion: BrokerHandler = (broker, request) => {
  const { plainAcl } = broker.security;
  if (plainAcl === undefined) return notSupported(request);
  const versions = plainAcl.versions();
  const [first] = versions.values();
  return success(
    encodeFields(accessConfigVersion, {
      version: stringifyFastjson(first),
      allAclFileVersion: stringifyFastjson(Object.fromEntries(versions)),
      brokerName: broker.config.brokerName,
      brokerAddr: broker.address,
      clusterName: broker.config.brokerClusterName,
    }),
  );
};

/** UPDATE_GLOBAL_WHITE_ADDRS_CONFIG 53. */
const updateWhiteAddresses: BrokerHandler = (broker, request) => {
  const { plainAcl } = broker.security;
  if (plainAcl === undefined) return notSupported(request);
  const { globalWhiteAddrs, aclFileFullPath = '' } = decodeFields(whiteAddressFields, request.command.extFields);
  if (plainAcl.setWhiteAddresses(list(globalWhiteAddrs) ?? [], aclFileFullPath)) return SUCCESS;
  const remark = `The globalWhiteAddresses[${globalWhiteAddrs}] has been updated failed.`;
  return { code: Failed.UPDATE_WHITE_ADDRESSES, remark };
};

/** GET_BROKER_CLUSTER_ACL_CONFIG 54. */
const getAccessConfig: BrokerHandler = (broker, request) => {
  const { plainAcl } = broker.security;
  if (plainAcl === undefined) return notSupported(request);
  return successBody(
    Buffer.from(
      stringifyFastjson({
        globalWhiteAddrs: plainAcl.whiteAddresses,
        plainAccessConfigs: [...plainAcl.rules.accounts.values()].map(({ config }) => config),
      }),
    ),
  );
};

/** Names separated by commas; undefined when nothing is given. */
function list(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === '' ? undefined : text.split(',').filter((part) => part !== '');
}

export const plainAclHandlers: readonly (readonly [RequestCode, BrokerHandler])[] = [
  [RequestCode.UPDATE_AND_CREATE_ACL_CONFIG, updateAccessConfig],
  [RequestCode.DELETE_ACL_CONFIG, deleteAccessConfig],
  [RequestCode.GET_BROKER_CLUSTER_ACL_INFO, getAccessConfigVersion],
  [RequestCode.UPDATE_GLOBAL_WHITE_ADDRS_CONFIG, updateWhiteAddresses],
  [RequestCode.GET_BROKER_CLUSTER_ACL_CONFIG, getAccessConfig],
];
