"""Does with one pod what a kubelet does: volumes as it lays them out, with its owners, modes
and links; containers with the user, the root filesystem and the rights that the pod asks for.

There is no cluster here, and most of what goes wrong with a daemon in a pod goes wrong in
just these. Linux namespaces do the rest. Needs root, in a mount namespace of its own.
"""
import base64
import os
import pathlib
import shutil
import stat
import subprocess

# What an image of Debian has. /etc is not the host's: nothing of it may be needed.
PROGRAMS = ("usr",)
LINKS = ("bin", "sbin", "lib", "lib32", "lib64")


class Kubelet:
    def __init__(self, world, pod, objects, binary):
        self.world = pathlib.Path(world)
        self.spec = pod["spec"]
        self.objects = objects  # ConfigMaps and Secrets, by kind and name
        self.group = self.spec["securityContext"]["fsGroup"]
        self.root = self.world / "root"
        self._make_root(binary)

    def _make_root(self, binary):
        self.root.mkdir()
        mount("-t", "tmpfs", "image", self.root)
        for name in LINKS:
            if pathlib.Path("/" + name).is_symlink():
                (self.root / name).symlink_to(os.readlink("/" + name))
            elif pathlib.Path("/" + name).is_dir():
                bind("/" + name, self.root / name, read_only=True)
        for name in PROGRAMS:
            bind("/" + name, self.root / name, read_only=True)
        for name in ("etc", "opt/maand", "proc", "dev", "tmp", "run", "var/lib/maand/bucket", "srv"):
            (self.root / name).mkdir(parents=True)
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nmaand:x:10001:10001::/var/lib/maand:/bin/sh\n")
        (self.root / "etc/group").write_text("root:x:0:\nmaand:x:10001:\n")
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        shutil.copy(binary, self.root / "opt/maand/maand")
        bind("/proc", self.root / "proc")
        bind("/dev", self.root / "dev")

    # --- volumes

    def volumes(self):
        """Lays all of them out anew, but for what is on the claim."""
        self.at = {}
        for volume in self.spec["volumes"]:
            at = self.world / "volumes" / volume["name"]
            if "persistentVolumeClaim" in volume:
                fresh = not at.exists()
                at.mkdir(parents=True, exist_ok=True)
                if fresh or self.spec["securityContext"].get("fsGroupChangePolicy", "Always") == "Always":
                    self.own(at)
            elif "emptyDir" in volume:
                shutil.rmtree(at, ignore_errors=True)
                at.mkdir(parents=True)
                at.chmod(0o777)
                self.own(at)
            else:
                shutil.rmtree(at, ignore_errors=True)
                self._project(at, volume)
            self.at[volume["name"]] = at

    def own(self, at):
        """pkg/volume: the group of everything becomes fsGroup, and gets the right to read and write."""
        for path in [at, *at.rglob("*")]:
            os.chown(path, -1, self.group, follow_symlinks=False)
            if path.is_symlink():
                continue
            more = 0o660 | (stat.S_ISGID | 0o110 if path.is_dir() else 0)
            path.chmod(stat.S_IMODE(path.stat().st_mode) | more)

    def _project(self, at, volume):
        """ConfigMaps and Secrets: files in a directory of one moment, reached through links."""
        if "configMap" in volume:
            kind = volume["configMap"]
            sources = [{"configMap": kind}]
        else:
            kind = volume["projected"]
            sources = kind["sources"]
        mode = kind.get("defaultMode", 0o644) | 0o440  # the group may read, because of fsGroup
        moment = at / "..2026_11_27_12_00_00.1"
        moment.mkdir(parents=True)
        (at / "..data").symlink_to(moment.name)
        for source in sources:
            [(sort, reference)] = source.items()
            data = self._data(sort, reference["name"])
            for item in reference["items"]:
                file = moment / item["path"]
                file.write_bytes(data[item["key"]])
                file.chmod(mode)
                os.chown(file, 0, self.group)
                (at / item["path"]).symlink_to(f"..data/{item['path']}")

    def _data(self, sort, name):
        if sort == "configMap":
            return {key: text.encode() for key, text in self.objects["ConfigMap", name]["data"].items()}
        return {key: base64.b64decode(text) for key, text in self.objects["Secret", name]["data"].items()}

    # --- containers

    def _value(self, one):
        """Of an environment variable, given or in a Secret."""
        if "value" in one:
            return one["value"]
        reference = one["valueFrom"]["secretKeyRef"]
        return self._data("secret", reference["name"])[reference["key"]].decode()

    def start(self, container, command=None, more=(), **options):
        """A process of `container`; `command` instead of its own is `kubectl exec`. `more`: environment, over the pod's."""
        user = {**self.spec["securityContext"], **container["securityContext"]}
        assert user["runAsNonRoot"] and user["runAsUser"] != 0
        script = ["set -eu"]
        for mounted in container["volumeMounts"]:
            source, target = self.at[mounted["name"]], f"{self.root}{mounted['mountPath']}"
            script.append(f"mkdir -p '{target}'; mount --bind '{source}' '{target}'")
            if mounted.get("readOnly"):
                script.append(f"mount -o remount,bind,ro '{target}'")
        if user["readOnlyRootFilesystem"]:
            script.append(f"mount -o remount,bind,ro '{self.root}'")
        script.append(f'exec chroot "{self.root}" "$@"')
        rights = ["setpriv", f"--reuid={user['runAsUser']}", f"--regid={user['runAsGroup']}", f"--groups={self.group}"]
        if not user["allowPrivilegeEscalation"]:
            rights.append("--no-new-privs")
        if user["capabilities"]["drop"] == ["ALL"]:
            rights += ["--bounding-set=-all", "--inh-caps=-all"]
        # The image's ENTRYPOINT is maand, as process 1's child.
        argv = command or container.get("command", ["maand"]) + container.get("args", [])
        environment = ["env", "-i", "PATH=/opt/maand:/usr/bin:/bin"]
        environment += [f"{one['name']}={self._value(one)}" for one in container.get("env", [])] + list(more)
        return subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script), "sh",
                                 *rights, *environment, *argv],
                                stdin=subprocess.DEVNULL, text=True, **options)


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def bind(source, target, read_only=False):
    pathlib.Path(target).mkdir(parents=True, exist_ok=True)
    mount("--rbind", source, target)
    if read_only:
        mount("-o", "remount,bind,ro", target)
