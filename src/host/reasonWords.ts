import * as vscode from 'vscode';

const { t } = vscode.l10n;

/** What the operating system, Node and OpenSSL say of files, sockets and certificates, in words; other texts as they are. */
export function reasonWords(text: string): string {
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  return known === undefined ? text : known[1]();
}

const KNOWN: readonly (readonly [RegExp, () => string])[] = [
  [/\bE(ACCES|PERM)\b/, () => t('permission denied')],
  [/\bENOENT\b/, () => t('there is no such file or directory')],
  [/\bENOTDIR\b/, () => t('a part of the path is no directory')],
  [/\bEISDIR\b/, () => t('it is a directory')],
  [/\bEEXIST\b/, () => t('there is something of that name already')],
  [/\bENOSPC\b/, () => t('the disk is full')],
  [/\bEROFS\b/, () => t('the file system is read-only')],
  [/\bE[MN]FILE\b/, () => t('too many files are open')],
  [/\bE(CONNRESET|PIPE)\b|socket hang up|other side closed/, () => t('the connection was closed')],
  [/\bECONNREFUSED\b/, () => t('nothing listens there')],
  [/\bE(HOST|NET)(UNREACH|DOWN)\b/, () => t('the network does not reach it')],
  [/\bETIMEDOUT\b|^timeout$/, () => t('it did not answer in time')],
  [/in certificate chain|SELF_SIGNED_CERT_IN_CHAIN/i, () => t('its issuer is not known')],
  [/self[- ]signed certificate|SELF_SIGNED_CERT/i, () => t('it is self-signed')],
  [/unable to (verify the first|get (local )?issuer) certificate|UNABLE_TO_/i, () => t('its issuer is not known')],
  [/certificate has expired|CERT_HAS_EXPIRED/i, () => t('it has expired')],
  [/not yet valid|CERT_NOT_YET_VALID/i, () => t('it is not valid yet')],
  [/altnames|ERR_TLS_CERT_ALTNAME_INVALID/i, () => t('it is for another host')],
];
