import { flag, text, whole } from './setting.ts';
import type { Setting, SettingTable } from './setting.ts';

/** Source: AuthConfig.java. */
export const authSettings = {
  authenticationEnabled: flag(false),
  authenticationProvider: oneOfClasses(authClass('authentication.provider.DefaultAuthenticationProvider')),
  authenticationMetadataProvider: oneOfClasses(
    authClass('authentication.provider.LocalAuthenticationMetadataProvider'),
  ),
  authenticationStrategy: oneOfClasses(
    authClass('authentication.strategy.StatelessAuthenticationStrategy'),
    authClass('authentication.strategy.StatefulAuthenticationStrategy'),
  ),
  authenticationWhitelist: text(''),
  initAuthenticationUser: text(''),
  innerClientAuthenticationCredentials: text(''),
  authorizationEnabled: flag(false),
  authorizationProvider: oneOfClasses(authClass('authorization.provider.DefaultAuthorizationProvider')),
  authorizationMetadataProvider: oneOfClasses(authClass('authorization.provider.LocalAuthorizationMetadataProvider')),
  authorizationStrategy: oneOfClasses(
    authClass('authorization.strategy.StatelessAuthorizationStrategy'),
    authClass('authorization.strategy.StatefulAuthorizationStrategy'),
  ),
  authorizationWhitelist: text(''),
  migrateAuthFromV1Enabled: flag(false),
  statefulAuthenticationCacheMaxNum: whole(10_000, 1, 1_000_000),
  statefulAuthenticationCacheExpiredSecond: whole(60, 1, 86_400),
  statefulAuthorizationCacheMaxNum: whole(10_000, 1, 1_000_000),
  statefulAuthorizationCacheExpiredSecond: whole(60, 1, 86_400),
} as const satisfies SettingTable;

/** Where Apache loads a class by its name: nothing but its own may be given, or nothing. */
function oneOfClasses(...names: readonly string[]): Setting<string> {
  return text('', (given) => {
    if (given !== '' && !names.includes(given)) throw new Error(`expected nothing or ${names.join(' or ')}`);
  });
}

function authClass(name: string): string {
  return `org.apache.rocketmq.auth.${name}`;
}
