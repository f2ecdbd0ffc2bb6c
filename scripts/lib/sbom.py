"""The bill of materials of a built streamer, as CycloneDX JSON on stdout.

sbom.py ROOT BINARY VERSION: what is linked in comes from scripts/lib/versions.sh, with the checksum
of the source that it was built from, and so does what is shipped beside the tracing module, with
that of its package; what is loaded comes from the distribution's packages.
"""

import json
import pathlib
import re
import subprocess
import sys
import uuid

root, binary, version = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]

# Licences of what is linked in; a new pin needs a line here.
LICENCES = {"caf": "BSD-3-Clause", "librdkafka": "BSD-2-Clause", "hdr_histogram": "BSD-2-Clause"}
FOR_TESTS = {"catch2"}
# What is shipped of a package of Debian, by the package.
SHIPPED = {"opentelemetry-cpp": "Apache-2.0"}
module = pathlib.Path(binary).parent.parent / "lib/streamer/libstreamer_otlp.so"


def pins(array):
    text = re.search(array + r"=\((.*?)\n\)", (root / "scripts/lib/versions.sh").read_text(), re.S)
    return [pin.split("|") for pin in re.findall(r'"([^"]+)"', text[1])]


def linked():
    """The libraries built from source, from the pins that built them."""
    for name, release, package, checksum, url in pins("SOURCE_PINS"):
        if name in FOR_TESTS:
            continue
        patch = root / f"scripts/lib/patches/{name}-{release}.patch"
        yield {
            "type": "library", "bom-ref": name, "name": name, "version": release,
            **({"pedigree": {"patches": [{"type": "unofficial", "diff": {
                "text": {"contentType": "text/x-diff", "content": patch.read_text()}}}]}}
               if patch.exists() else {}),
            "purl": f"pkg:generic/{package}@{release}?checksum=sha256:{checksum}",
            "licenses": [{"license": {"id": LICENCES[name]}}],
            "hashes": [{"alg": "SHA-256", "content": checksum}],
            "externalReferences": [{"type": "distribution", "url": url}],
            "scope": "required",
        }


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def libraries(of):
    """The files of the libraries that a program or library names itself."""
    wanted = set(re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", of)))
    return {m[2] for m in re.finditer(r"(\S+) => (\S+)", run("ldd", of)) if m[1] in wanted}


def private():
    """The libraries that are shipped beside the tracing module, and not installed."""
    found, left = set(), [str(module)] if module.exists() else []
    while left:
        more = {path for path in libraries(left.pop()) if path.startswith(str(root))} - found
        found |= more
        left += more
    return found


def shipped():
    if not private():
        return
    architecture = run("dpkg", "--print-architecture").strip()
    for name, release, of, checksum in pins("BINARY_PINS"):
        if of == architecture and name in SHIPPED:
            yield {
                "type": "library", "bom-ref": name, "name": name, "version": release,
                "purl": f"pkg:deb/debian/{name}@{release}?arch={of}",
                "licenses": [{"license": {"id": SHIPPED[name]}}],
                "hashes": [{"alg": "SHA-256", "content": checksum}],
                "scope": "optional",
            }


def loaded():
    """The packages whose libraries the program and its module name, with the versions here."""
    ours = private()
    programs = [binary, *([str(module)] if module.exists() else []), *ours]
    packages = set()
    for path in {p for program in programs for p in libraries(program)} - ours:
        for candidate in (path, str(pathlib.Path(path).resolve()), "/usr" + path):
            found = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True,
                                   check=False)
            if found.returncode == 0:
                packages.add(found.stdout.split(": ")[0].split(",")[0])
                break
        else:
            sys.exit(f"sbom.py: no package has {path}")
    for package in sorted(packages):
        name, release, source = run(
            "dpkg-query", "-W", "-f", "${binary:Package}|${Version}|${source:Package}\n",
            package).strip().split("|")
        name, _, architecture = name.partition(":")
        yield {
            "type": "library", "bom-ref": f"deb-{name}", "name": name, "version": release,
            "purl": f"pkg:deb/debian/{name}@{release.replace(':', '%3A')}"
                    + (f"?arch={architecture}" if architecture else ""),
            "properties": [{"name": "debian:source", "value": source}],
            "scope": "required",
        }


components = [*linked(), *shipped(), *loaded()]
product = {"type": "application", "bom-ref": "streamer", "name": "streamer", "version": version,
           "licenses": [{"expression": "MIT OR Apache-2.0"}],
           "purl": f"pkg:generic/streamer@{version}"}
identity = json.dumps([product, components], sort_keys=True)
print(json.dumps({
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    # From the contents, so that the same build gives the same bill.
    "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}",
    "metadata": {"component": product},
    "components": components,
    "dependencies": [{"ref": "streamer", "dependsOn": [c["bom-ref"] for c in components]},
                     *({"ref": c["bom-ref"]} for c in components)],
}, indent=2))
