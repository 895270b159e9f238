'use strict';
// Stands in for the native module @vscode/spdlog: writes the server's and the extension
// host's log files with plain synchronous file appends, so no compiler is needed.

const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

class Logger {
  constructor(_kind, name, file) {
    this.name = name;
    this.file = file;
    this.level = 2;
    this.formatted = true;
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  setPattern() {
    this.formatted = true;
  }
  clearFormatters() {
    this.formatted = false;
  }
  flush() {}
  drop() {}
  trace(message) {
    this.write(0, message);
  }
  debug(message) {
    this.write(1, message);
  }
  info(message) {
    this.write(2, message);
  }
  warn(message) {
    this.write(3, message);
  }
  error(message) {
    this.write(4, message);
  }
  critical(message) {
    this.write(5, message);
  }
  write(level, message) {
    if (level < this.level) {
      return;
    }
    const line = this.formatted ? `${timestamp(new Date())} [${LEVELS[level]}] ${message}\n` : String(message);
    try {
      fs.appendFileSync(this.file, line);
    } catch {
      // The log folder may be gone while the process is being shut down.
    }
  }
}

function timestamp(d) {
  const two = (n) => String(n).padStart(2, '0');
  return (
    `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`
  );
}

async function createLogger(kind, name, file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger(kind, name, file);
}

exports.version = 0;
exports.Logger = Logger;
exports.setLevel = function () {};
exports.setFlushOn = function () {};
exports.createRotatingLogger = function (name, file) {
  return createLogger('rotating', name, file);
};
exports.createAsyncRotatingLogger = function (name, file) {
  return createLogger('rotating_async', name, file);
};
