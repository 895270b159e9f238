import { ACCESS_KEY } from '../../protocol/acl.ts';
import { decodeAcl, decodeUser, encodeAuthBody } from '../../protocol/bodies/auth.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import type { RemotingCommand } from '../../protocol/command.ts';
import { decodeFields } from '../../protocol/fields.ts';
import {
  deleteAcl as deleteAclFields,
  listAcls,
  listUsers,
  subjectOnly,
  userOnly,
} from '../../protocol/requests/auth.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext, BrokerHandler } from '../brokerContext.ts';
import { SUCCESS, successBody } from '../reply.ts';
import { userType } from '../security/users.ts';

/* Users and rules of ACL 2.0, AUTH_CREATE_USER 3001 to AUTH_LIST_ACL 3010. Source: AdminBrokerProcessor.java. */

const NAME_BLANK: Reply = { code: ResponseCode.INVALID_PARAMETER, remark: 'The username is blank' };
const SUBJECT_NULL: Reply = noPermission('The subject is null.');
const ONLY_BY_SUPER_USER = 'The super user can only be update by super user';

/** AUTH_CREATE_USER 3001. */
const createUser: BrokerHandler = (broker, { command }) => {
  const { username = '' } = decodeFields(userOnly, command.extFields);
  if (username === '') return NAME_BLANK;
  const user = { ...decodeUser(command.body), username };
  if (userType(user) === 'Super' && isOtherThanSuper(broker, command)) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'The super user can only be create by super user' };
  }
  return replyOf(broker.security.users.create(user));
};

/** AUTH_UPDATE_USER 3002. */
const updateUser: BrokerHandler = (broker, { command }) => {
  const { username = '' } = decodeFields(userOnly, command.extFields);
  if (username === '') return NAME_BLANK;
  const user = { ...decodeUser(command.body), username };
  const isOther = isOtherThanSuper(broker, command);
  if (userType(user) === 'Super' && isOther) return { code: ResponseCode.SYSTEM_ERROR, remark: ONLY_BY_SUPER_USER };
  if (broker.security.users.get(username)?.userType === 'Super' && isOther) return noPermission(ONLY_BY_SUPER_USER);
  return replyOf(broker.security.users.update(user));
};

/** AUTH_DELETE_USER 3003: the user's rules go with it. */
const deleteUser: BrokerHandler = (broker, { command }) => {
  const { username = '' } = decodeFields(userOnly, command.extFields);
  if (username.trim() === '') return noPermission('username can not be blank');
  const { users, acls } = broker.security;
  const user = users.get(username);
  if (user === undefined) return SUCCESS;
  if (user.userType === 'Super' && isOtherThanSuper(broker, command)) return noPermission(ONLY_BY_SUPER_USER);
  users.delete(username);
  acls.delete(`User:${username}`, '', '');
  return SUCCESS;
};

/** AUTH_GET_USER 3004: one that is not there is a success without a body. */
const getUser: BrokerHandler = ({ security }, { command }) => {
  const { username = '' } = decodeFields(userOnly, command.extFields);
  if (username.trim() === '') return NAME_BLANK;
  const user = security.users.get(username);
  return user === undefined ? SUCCESS : successBody(encodeAuthBody(user));
};

/** AUTH_LIST_USER 3005. */
const listAllUsers: BrokerHandler = ({ security }, { command }) => {
  const users = security.users.list(decodeFields(listUsers, command.extFields).filter ?? '');
  return users.length === 0 ? SUCCESS : successBody(encodeAuthBody(users));
};

/** AUTH_CREATE_ACL 3006, AUTH_UPDATE_ACL 3007: both add to and replace in what the subject has. */
const mergeAcl: BrokerHandler = ({ security }, { command }) => {
  const acl = decodeAcl(command.body);
  if (acl.policies.length === 0) {
    const remark = 'org.apache.rocketmq.auth.authorization.exception.AuthorizationException: The body of acl is null';
    return { code: ResponseCode.SYSTEM_ERROR, remark };
  }
  const username = usernameIn(acl.subject) ?? usernameIn(decodeFields(subjectOnly, command.extFields).subject);
  if (username === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'An system error occurred, please try again later.' };
  }
  if (security.users.get(username) === undefined) {
    return noPermission(`The subject of User:${username} is not exist.`);
  }
  return replyOf(security.acls.merge(`User:${username}`, acl));
};

/** AUTH_DELETE_ACL 3008. */
const deleteAcl: BrokerHandler = ({ security }, { command }) => {
  const { subject, policyType = '', resource = '' } = decodeFields(deleteAclFields, command.extFields);
  const username = usernameIn(subject);
  if (username === undefined) return SUBJECT_NULL;
  if (security.users.get(username) === undefined) return noPermission('The subject is not exist.');
  return replyOf(security.acls.delete(`User:${username}`, policyType, resource));
};

/** AUTH_GET_ACL 3009: a user without rules is a success without a body. */
const getAcl: BrokerHandler = ({ security }, { command }) => {
  const username = usernameIn(decodeFields(subjectOnly, command.extFields).subject);
  if (username === undefined) return SUBJECT_NULL;
  if (security.users.get(username) === undefined) return noPermission('The subject is not exist.');
  const acl = security.acls.info(`User:${username}`);
  return acl === undefined ? SUCCESS : successBody(encodeAuthBody(acl));
};

/** AUTH_LIST_ACL 3010. */
const listAllAcls: BrokerHandler = ({ security }, { command }) => {
  const { subjectFilter = '', resourceFilter = '' } = decodeFields(listAcls, command.extFields);
  const acls = security.acls.list(subjectFilter, resourceFilter);
  return acls.length === 0 ? SUCCESS : successBody(encodeAuthBody(acls));
};

/** Without an access key authentication may be off, and nobody is kept from anything. */
function isOtherThanSuper({ security }: BrokerContext, { extFields }: RemotingCommand): boolean {
  const accessKey = extFields[ACCESS_KEY];
  return accessKey !== undefined && accessKey !== '' && security.users.get(accessKey)?.userType !== 'Super';
}

function usernameIn(subject: string | undefined): string | undefined {
  return /^user:(.*)$/is.exec(subject ?? '')?.[1];
}

function replyOf(refusal: string | undefined): Reply {
  return refusal === undefined ? SUCCESS : noPermission(refusal);
}

function noPermission(remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark };
}

export const authHandlers: readonly (readonly [RequestCode, BrokerHandler])[] = [
  [RequestCode.AUTH_CREATE_USER, createUser],
  [RequestCode.AUTH_UPDATE_USER, updateUser],
  [RequestCode.AUTH_DELETE_USER, deleteUser],
  [RequestCode.AUTH_GET_USER, getUser],
  [RequestCode.AUTH_LIST_USER, listAllUsers],
  [RequestCode.AUTH_CREATE_ACL, mergeAcl],
  [RequestCode.AUTH_UPDATE_ACL, mergeAcl],
  [RequestCode.AUTH_DELETE_ACL, deleteAcl],
  [RequestCode.AUTH_GET_ACL, getAcl],
  [RequestCode.AUTH_LIST_ACL, listAllAcls],
];
