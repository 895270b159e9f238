import { flag, text } from './setting.ts';
import type { SettingTable } from './setting.ts';

/** Apache takes them as properties of the Java process. Source: TlsSystemConfig.java; remoting sheet §1.10. */
export const tlsSettings = {
  'tls.server.mode': text('permissive', (mode) => {
    if (!/^(disabled|permissive|enforcing)$/.test(mode)) throw new Error('expected disabled, permissive or enforcing');
  }),
  /** Whether this broker speaks TLS to its NameServers. */
  'tls.enable': flag(false),
  /** Holds all keys below, where it exists. */
  'tls.config.file': text('/etc/rocketmq/tls.properties'),
  'tls.test.mode.enable': flag(true),
  'tls.server.need.client.auth': text('none', (need) => {
    if (!/^(none|optional|require)$/i.test(need)) throw new Error('expected none, optional or require');
  }),
  'tls.server.keyPath': text(''),
  'tls.server.keyPassword': text(''),
  'tls.server.certPath': text(''),
  'tls.server.authClient': flag(false),
  'tls.server.trustCertPath': text(''),
  'tls.client.keyPath': text(''),
  'tls.client.keyPassword': text(''),
  'tls.client.certPath': text(''),
  'tls.client.authServer': flag(false),
  'tls.client.trustCertPath': text(''),
} as const satisfies SettingTable;
