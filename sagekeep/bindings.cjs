// Preloaded into the jsii kernel by bindings.py: the AWS provider's index.js requires about 1,660 files at once, of which
// an app uses a few dozen. Each of its requires becomes a proxy that loads the file when the kernel first asks for a type
// in it (the kernel looks types up as index[submodule][Type]).
'use strict';
const Module = require('module');

const INDEX = /[\\/]@cdkt[fn][\\/]provider-aws[\\/]lib[\\/]index\.js$/;
const requireNow = Module.prototype.require;

Module.prototype.require = function (id) {
  if (!id.startsWith('./') || !INDEX.test(this.filename)) {
    return requireNow.call(this, id);
  }
  let loaded;
  const load = () => (loaded ??= requireNow.call(this, id));
  return new Proxy(
    {},
    {
      get: (_, key) => (key === '__esModule' ? true : load()[key]),
      has: (_, key) => key in load(),
      ownKeys: () => Reflect.ownKeys(load()),
    },
  );
};
