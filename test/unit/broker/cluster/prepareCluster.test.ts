import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepareCluster } from '../../../../src/broker/cluster/prepareCluster.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import { startWish } from '../../../support/startWish.ts';

describe('broker/cluster/prepareCluster', () => {
  const place = makeTempDir('prepare');
  after(() => place.remove());
  const prepare = (directory: string): ReturnType<typeof prepareCluster> =>
    prepareCluster(directory, startWish('single', directory));

  it('refuses a directory whose files lead to where it was copied or moved from', async () => {
    const first = path.join(place.path, 'first');
    const { nodes } = await prepare(first);
    const copy = path.join(place.path, 'first', 'copy');
    cpSync(first, path.join(place.path, 'kept'), { recursive: true });
    renameSync(path.join(place.path, 'kept'), copy);
    const namesrvConf = path.join(copy, 'namesrv-1', 'namesrv.conf');
    const brokerConf = path.join(copy, 'broker-a', 'broker.conf');
    const refused = (conf: string, setting: string): object => ({
      details: {
        problem: 'made-elsewhere',
        place: copy,
        file: conf,
        setting,
        reason: `the cluster in ${copy} was made in ${first}, and ${conf} still says ${setting}`,
        next: 'correct it, or delete the file, which is written anew then',
      },
    });
    await assert.rejects(
      prepare(copy),
      refused(namesrvConf, `kvConfigPath=${path.join(first, 'namesrv-1', 'store', 'kvConfig.json')}`),
    );
    rmSync(namesrvConf);
    await assert.rejects(
      prepare(copy),
      refused(brokerConf, `storePathRootDir=${path.join(first, 'broker-a', 'store')}`),
    );
    rmSync(brokerConf);
    const copied = await prepare(copy);
    assert.deepEqual(
      copied.nodes.map(({ port }) => port),
      nodes.map(({ port }) => port),
    );
    const link = path.join(place.path, 'link');
    symlinkSync(first, link);
    assert.deepEqual((await prepare(link)).layout, (await prepare(first)).layout);
  });

  it('makes no node of a directory that holds something else, since it would be deleted with the cluster', async () => {
    const directory = path.join(place.path, 'project');
    const home = path.join(directory, 'broker-a');
    mkdirSync(home, { recursive: true });
    const notes = path.join(home, 'notes.txt');
    writeFileSync(notes, 'mine');
    const refused = {
      details: {
        problem: 'directory-used',
        place: home,
        reason: `${home} holds something else already`,
        next: 'move it away, or choose another with --dir',
      },
    };
    await assert.rejects(prepare(directory), refused);
    assert.deepEqual(readdirSync(directory), ['broker-a']);
    assert.equal(readFileSync(notes, 'utf8'), 'mine');
    rmSync(notes);
    const { layout } = await prepare(directory);
    // As somebody does whose file is damaged.
    rmSync(path.join(directory, 'cluster.json'));
    assert.equal((await prepare(directory)).layout.mode, layout.mode);
    rmSync(path.join(directory, 'cluster.json'));
    rmSync(home, { recursive: true });
    writeFileSync(home, 'a file');
    await assert.rejects(prepare(directory), { code: 'usage' });
  });
});
