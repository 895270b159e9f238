'use strict';
// Stands in for the native module kerberos, which VS Code loads only to log in to an HTTP
// proxy that asks for Negotiate authentication.

exports.initializeClient = async function () {
  throw new Error('Kerberos proxy authentication is not available in this VS Code server');
};
