import * as vscode from 'vscode';

import type { ErrorCode } from '../../base/errors.ts';
import { say } from '../errorWords.ts';
import type { Detail, ErrorWords } from '../errorWords.ts';

const { t } = vscode.l10n;

/** What the servers of Apache fail of before they run. */
type ApacheCode = Extract<ErrorCode, `apache-${string}` | `java-${string}` | `docker-${string}`>;

export function apacheWords(code: ApacheCode, d: Detail): ErrorWords {
  switch (code) {
    case 'apache-home-invalid':
      return say(
        t('{0} is no unpacked distribution of Apache RocketMQ: {1} is missing.', d('directory'), d('missing')),
        t('Choose the folder that has bin, conf and lib in it.'),
      );
    case 'java-not-found':
      return say(t('Apache RocketMQ needs Java, and there is none.'), installJava());
    case 'java-too-old':
      return say(
        t('Apache RocketMQ needs Java 8 or newer; {0} is Java {1}.', d('executable'), d('version')),
        installJava(),
      );
    case 'docker-absent':
      return say(t('There is no Docker on this machine.'), t('Install it, then open VS Code anew.'));
    case 'docker-failed':
      return say(
        t('"{0}" failed: {1}.', d('command'), d('reason')),
        t('Check that Docker runs, has Compose, and that nobody else has the ports.'),
      );
  }
}

export function isApacheCode(code: ErrorCode): code is ApacheCode {
  return /^(apache|java|docker)-/.test(code);
}

function installJava(): string {
  return t('Install Java 8 or newer, or let JAVA_HOME name it, then open VS Code anew.');
}
