import assert from 'node:assert/strict';

import { startProcess } from '../../support/runningProcess.ts';

describe('startProcess', () => {
  it('keeps a line whole that the program writes while a line of its other stream is not finished', async () => {
    // Each write waits for the one before to be read.
    const script = `
      const steps = [
        () => process.stderr.write('half of it'),
        () => process.stdout.write('a line\\n'),
        () => process.stderr.write(', and the rest\\nno end'),
      ];
      const next = () => steps.shift()?.() ?? process.exit();
      process.on('SIGUSR2', next);
      setTimeout(process.abort, 10_000);
      next();
    `;
    const pieces: string[] = [];
    const program = startProcess(process.execPath, ['-e', script], {
      onOutput: (piece) => {
        pieces.push(piece);
        process.kill(program.pid, 'SIGUSR2');
      },
    });
    assert.equal(await program.exited, 0);
    assert.deepEqual(pieces, ['half of it', 'a line\n', ', and the rest\nno end']);
    assert.equal(program.output(), 'a line\nhalf of it, and the rest\nno end');
  });
});
