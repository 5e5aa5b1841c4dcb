// Preloaded into the jsii kernel by bindings.py. What an app needs little or nothing of is required late: in its place
// stands a proxy that loads the module when something in it is asked for.
'use strict';
const Module = require('module');

// A file, and which of its requires come late.
const LATE = [
  // The AWS provider's index requires about 1,660 files, of which an app uses a few dozen. The kernel looks types up as
  // index[submodule][Type].
  [/[\\/]@cdkt[fn][\\/]provider-aws[\\/]lib[\\/]index\.js$/, /^\.\//],
  // cdktf zips assets in a process of its own; here the library that does it would load for nothing.
  [/[\\/]cdktf[\\/]lib[\\/]private[\\/]fs\.js$/, /^archiver$/],
];

// cdktf is archived: whoever sees its deprecations cannot mend them.
process.noDeprecation = true;

const requireNow = Module.prototype.require;

Module.prototype.require = function (id) {
  const late = LATE.some(([file, wanted]) => wanted.test(id) && file.test(this.filename));
  return late ? proxy(() => requireNow.call(this, id)) : requireNow.call(this, id);
};

function proxy(load) {
  let loaded;
  const module = () => (loaded ??= load());
  return new Proxy(() => {}, {
    apply: (_, self, args) => Reflect.apply(module(), self, args),
    get: (_, key) => (key === '__esModule' ? true : module()[key]),
    has: (_, key) => key in module(),
    ownKeys: () => Reflect.ownKeys(module()),
  });
}
