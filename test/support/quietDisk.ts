const DISK = /^(FSReq|FileHandleCloseReq)/;

/**
 * Resolves when no file is being read or written: what a broker under a FakeClock does with its files is over then,
 * also what one access leads to.
 */
export async function quietDisk(): Promise<void> {
  for (let quietTurns = 0; quietTurns < 3;) {
    await new Promise((resolve) => setImmediate(resolve));
    const isBusy = process.getActiveResourcesInfo().some((resource) => DISK.test(resource));
    quietTurns = isBusy ? 0 : quietTurns + 1;
  }
}
