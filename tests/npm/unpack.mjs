// Unpacks the Chromium of @sparticuz/chromium, with the libraries and the font that it brings, into TMPDIR.
// Where the package is not made for this machine (other than Linux on x86_64) it does nothing: see tests/review/browser.py.
import chromium from "@sparticuz/chromium";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

if (process.platform === "linux" && process.arch === "x64") {
  mkdirSync(tmpdir(), { recursive: true });
  await chromium.executablePath();
  // The package's own list of font folders has only those of a Lambda function.
  const fonts = '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts/fonts</dir></fontconfig>';
  writeFileSync(join(tmpdir(), "fonts.conf"), fonts);
}
