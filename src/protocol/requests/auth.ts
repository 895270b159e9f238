import { boolean, optional, string } from '../fields.ts';

/* Administration of ACL 1.0 and 2.0: remoting sheet §3.11. */

/** AUTH_CREATE_USER 3001, AUTH_UPDATE_USER 3002, AUTH_DELETE_USER 3003, AUTH_GET_USER 3004. */
export const userOnly = { username: optional(string) } as const;

/** AUTH_LIST_USER 3005. */
export const listUsers = { filter: optional(string) } as const;

/** AUTH_CREATE_ACL 3006, AUTH_UPDATE_ACL 3007, AUTH_GET_ACL 3009. */
export const subjectOnly = { subject: optional(string) } as const;

/** AUTH_DELETE_ACL 3008. */
export const deleteAcl = {
  subject: optional(string),
  policyType: optional(string),
  resource: optional(string),
} as const;

/** AUTH_LIST_ACL 3010. */
export const listAcls = { subjectFilter: optional(string), resourceFilter: optional(string) } as const;

/** UPDATE_AND_CREATE_ACL_CONFIG 50. Source: CreateAccessConfigRequestHeader.java of 4.9. */
export const updateAccessConfig = {
  accessKey: string,
  secretKey: optional(string),
  whiteRemoteAddress: optional(string),
  admin: optional(boolean),
  defaultTopicPerm: optional(string),
  defaultGroupPerm: optional(string),
  topicPerms: optional(string),
  groupPerms: optional(string),
} as const;

/** DELETE_ACL_CONFIG 51. */
export const deleteAccessConfig = { accessKey: string } as const;

/** Ext fields of the answer to GET_BROKER_CLUSTER_ACL_INFO 52. */
export const accessConfigVersion = {
  version: string,
  allAclFileVersion: string,
  brokerName: string,
  brokerAddr: string,
  clusterName: string,
} as const;

/** UPDATE_GLOBAL_WHITE_ADDRS_CONFIG 53. */
export const updateWhiteAddresses = { globalWhiteAddrs: string, aclFileFullPath: optional(string) } as const;
