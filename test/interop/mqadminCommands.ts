import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Cluster {
  readonly name: string;
  readonly nameServer: string;
  readonly broker: string;
}

/**
 * How outputs are compared: `lines` whatever their order, with times, addresses and ids taken out; `words` where
 * numbers are those of one run as well; `names` the first word of each line, of which ours may have more; undefined
 * prepares something only.
 */
type Comparison = 'lines' | 'words' | 'names';

export interface Step {
  readonly name: string;
  readonly words: readonly string[];
  readonly compare: Comparison | undefined;
}

const TOPIC = 'ToolTopic';
const GROUP = 'ToolGroup';

/** The commands in the order in which they run. Lists that commands read are written to the folder, where one is given. */
export function steps({ nameServer, broker }: Cluster, lists: string): Step[] {
  writeLists(lists);
  const found: Step[] = [];
  const add = (compare: Comparison | undefined, line: string): void => {
    const words = line.split(' ').map((word) => word.replace(/^BROKER$/, broker).replace('FOLDER', lists));
    found.push({
      name: line,
      words: words[0]?.startsWith('=') === true ? words : [...words, '-n', nameServer],
      compare,
    });
  };
  const [b, c, t, g] = ['-b BROKER', '-c DefaultCluster', `-t ${TOPIC}`, `-g ${GROUP}`];

  add('lines', `updateTopic ${c} ${t} -r 4 -w 4`);
  add('lines', `updateTopic ${b} -t ToolFifo -r 2 -w 2 -a +message.type=FIFO -o true`);
  add('lines', `updateTopic ${b} -t ToolBad -a +colour=blue`);
  add('lines', `updateTopic ${b} -t bad!name`);
  add('lines', `updateTopic ${b} -t TBW102`);
  add('lines', `updateTopicList ${b} -f FOLDER/topics.json`);
  add('lines', `updateTopicPerm ${b} -t ToolList1 -p 4`);
  add('lines', `updateOrderConf -t ToolFifo -m get`);
  add('lines', `updateOrderConf -t ToolFifo -m put -v broker-a:4`);
  add('lines', `updateOrderConf -t ToolFifo -m delete`);
  add('lines', `topicList`);
  add('lines', `topicClusterList ${t}`);
  add('lines', `topicRoute ${t}`);
  add('lines', `topicRoute ${t} -l`);
  add('lines', `topicRoute -t NoSuchTopic`);
  add('lines', `allocateMQ ${t} -i ip1,ip2`);
  add('lines', `updateSubGroup ${b} ${g} -s true -m true -r 3`);
  add('lines', `updateSubGroup ${b} -g bad!name`);
  add('lines', `updateSubGroupList ${b} -f FOLDER/groups.json`);
  add('lines', `getConsumerConfig ${g}`);
  add('lines', `setConsumeMode ${b} ${t} ${g} -m POP -q 4`);
  add('lines', `setConsumeMode ${b} ${t} ${g} -m PULL -q 4`);
  add(undefined, `=produce ToolProducers ${TOPIC} 8`);
  add(undefined, `=consume ${GROUP} ${TOPIC}`);
  add(undefined, `=committed ${GROUP} ${TOPIC} 8`);
  add('words', `sendMessage ${t} -p hello -k key -c TagB -b broker-a -i 3`);
  add(undefined, `=committed ${GROUP} ${TOPIC} 9`);
  add('lines', `topicStatus ${t}`);
  add('lines', 'topicStatus -t NoSuchTopic');
  add('lines', `consumerProgress ${g}`);
  add('words', 'consumerProgress');
  add('lines', `consumerConnection ${g}`);
  add('lines', 'consumerConnection -g NoSuchGroup');
  add('words', `consumerStatus ${g}`);
  add('lines', `producerConnection -g ToolProducers ${t}`);
  add('lines', `producerConnection -g NoSuchGroup ${t}`);
  add('words', `producer ${b}`);
  add('words', `brokerConsumeStats ${b}`);
  add('names', `brokerStatus ${b}`);
  add('names', `getBrokerConfig ${b}`);
  add('lines', `updateBrokerConfig ${b} -k traceOn -v true`);
  add('lines', `updateBrokerConfig ${b} -k brokerConfigPath -v x`);
  add('names', 'getNamesrvConfig');
  add('lines', 'updateNamesrvConfig -k orderMessageEnable -v true');
  add('lines', 'updateNamesrvConfig -k configStorePath -v x');
  add('words', 'clusterList');
  add('words', 'clusterList -m');
  add('words', `statsAll ${t}`);
  add('lines', 'updateKvConfig -s NS -k key -v value');
  add('lines', 'deleteKvConfig -s NS -k key');
  add('words', 'wipeWritePerm -b broker-a');
  add('words', 'addWritePerm -b broker-a');
  add('words', `queryMsgByKey ${t} -k key3`);
  add('lines', `queryMsgByKey ${t} -k NoSuchKey`);
  add('words', `queryMsgByOffset ${t} -b broker-a -i 1 -o 0`);
  add('words', `printMsg ${t} -d true`);
  add('words', `printMsgByQueue ${t} -a broker-a -i 1 -p true -d true`);
  add('words', `consumeMessage ${t} -b broker-a -i 1 -o 0 -c 2`);
  add('words', `queryCq ${t} -q 1 -i 0 -c 2 ${b} ${g}`);
  add('words', 'queryMsgTraceById -i 7F0000010000000000000000000000AA');
  add('words', `queryMsgByUniqueKey ${t} -i 7F0000010000000000000000000000AA`);
  add('words', `checkMsgSendRT ${t} -a 3 -s 16`);
  add('words', `sendMsgStatus -b broker-a -s 16 -c 2`);
  add('lines', `resetOffsetByTime ${g} ${t} -s now`);
  add('lines', `skipAccumulatedMessage ${g} ${t}`);
  add('lines', `cloneGroupOffset -s ${GROUP} -d ToolClone ${t}`);
  add('lines', `resetMasterFlushOffset ${b} -o 0`);
  add('words', `haStatus ${b}`);
  add('lines', `getBrokerEpoch ${b}`);
  add('lines', `getColdDataFlowCtrInfo ${b}`);
  add('lines', `updateColdDataFlowCtrGroupConfig ${b} ${g} -v 1024`);
  add('lines', `removeColdDataFlowCtrGroupConfig ${b} ${g}`);
  add('lines', `setCommitLogReadAheadMode ${b} -m 0`);
  add('lines', `cleanExpiredCQ ${b}`);
  add('lines', `cleanUnusedTopic ${b}`);
  add('lines', `deleteExpiredCommitLog ${b}`);
  add('lines', `addBroker ${b} -b x`);
  add('lines', `exportMetadata ${c} -f FOLDER`);
  add('lines', `exportConfigs ${c} -f FOLDER`);
  add('lines', `exportMetrics ${c} -f FOLDER`);
  add('lines', `exportPopRecord ${b}`);
  add('lines', `rocksDBConfigToJson ${b} -t topics`);
  add('lines', `createUser ${b} -u tool -p secret -t Super`);
  add('lines', `listUser ${b}`);
  add('lines', `getUser ${b} -u tool`);
  add('lines', `createAcl ${b} -s User:tool -r Topic:${TOPIC} -a Pub,Sub -i 10.0.0.0/8 -d Allow`);
  add('lines', `getAcl ${b} -s User:tool`);
  add('lines', `listAcl ${b}`);
  add('lines', `updateAcl ${b} -s User:tool -r Topic:${TOPIC} -a Sub -d Deny`);
  add('lines', 'copyAcl -f BROKER -t BROKER -s User:tool');
  add('lines', `updateUser ${b} -u tool -p other -t Normal`);
  add('lines', 'copyUser -f BROKER -t BROKER -u tool');
  add('lines', `deleteAcl ${b} -s User:tool`);
  add('lines', `deleteUser ${b} -u tool`);
  add('lines', `deleteSubGroup ${b} -g ToolClone -r true`);
  add('lines', `deleteTopic ${c} -t ToolFifo`);
  add('lines', 'topicList -c');
  return found;
}

function writeLists(folder: string): void {
  if (folder === '') return;
  mkdirSync(folder, { recursive: true });
  const topic = (topicName: string): object => ({ topicName, readQueueNums: 2, writeQueueNums: 2, perm: 6 });
  writeFileSync(path.join(folder, 'topics.json'), JSON.stringify([topic('ToolList1'), topic('ToolList2')]));
  writeFileSync(
    path.join(folder, 'groups.json'),
    JSON.stringify([{ groupName: 'ToolList1', retryMaxTimes: 2 }, { groupName: 'ToolList2' }]),
  );
}

/** Without what belongs to one run, machine or release. */
export function normalised({ compare }: Step, output: string): string {
  let text = output
    .replace(/\d+\.\d+\.\d+\.\d+(:\d+|@\d+(#\d+)?)?/g, 'ADDRESS')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d([,.:#]\d+)?/g, 'TIME')
    .replace(/\b1[78]\d{11}\b/g, 'MS')
    .replace(/\b[0-9A-F]{32}\b/g, 'ID')
    .replace(/V5_\d+_\d+/g, 'VERSION')
    .replace(/\/[^\s"]*\/(ours|apache)\b/g, 'FOLDER')
    .replace(/^\s*at .*$/gm, '')
    .replace(/^Consume TPS: .*$/gm, '')
    // Topics that 5.5.0 has and 5.3.3 has not.
    .replace(/^.*RMQ_SYS_ROCKSDB_TRANS.*$/gm, '')
    // Told because its file names them.
    .replace(/^auth\w+MetadataProvider\b.*$/gm, '')
    .replace(/(?<=commitLogDiskRatio_)\S+/g, 'FOLDER')
    .replace(/\t/g, ' ');
  if (compare === 'words') text = text.replace(/-?\d+(\.\d+)?/g, '#').replace(/#+/g, '#');
  const lines = text
    .split('\n')
    .map((line) => line.replace(/ +/g, ' ').replace(/,$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => (compare === 'names' ? (line.split(/[ =:]/)[0] ?? '') : line));
  return [...new Set(lines)].sort().join('\n');
}
