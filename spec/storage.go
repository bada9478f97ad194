package spec

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
)

// storageOf splits a service's volumes the way Compose does: the old bind
// strings where they can say it, because only they create a missing path on
// the host, and mounts for everything else. Order is the document's.
func storageOf(doc *types.Project, s types.ServiceConfig) (binds []string, mounts []mount.Mount) {
	for _, v := range s.Volumes {
		source, named := v.Source, false
		if v.Type == types.VolumeTypeVolume && source != "" {
			if declared, ok := doc.Volumes[source]; ok {
				source, named = declared.Name, true
			}
		}
		switch {
		case v.Type == types.VolumeTypeBind && plainBind(v.Bind), v.Type == types.VolumeTypeVolume && named && plainVolume(v.Volume):
			binds = append(binds, bindString(source, v))
		default:
			mounts = append(mounts, mountOf(source, v))
		}
	}
	return binds, mounts
}

func plainBind(b *types.ServiceVolumeBind) bool {
	return b == nil || bool(b.CreateHostPath) && b.Propagation == "" && b.Recursive == ""
}

func plainVolume(v *types.ServiceVolumeVolume) bool {
	return v == nil || len(v.Labels) == 0 && v.Subpath == "" && !v.NoCopy
}

func bindString(source string, v types.ServiceVolumeConfig) string {
	options := []string{"rw"}
	if v.ReadOnly {
		options[0] = "ro"
	}
	if v.Bind != nil && v.Bind.SELinux != "" {
		options = append(options, v.Bind.SELinux)
	}
	if v.Bind != nil && v.Bind.Propagation != "" { // of a volume, that is
		options = append(options, v.Bind.Propagation)
	}
	return source + ":" + v.Target + ":" + strings.Join(options, ",")
}

func mountOf(source string, v types.ServiceVolumeConfig) mount.Mount {
	m := mount.Mount{
		Type:        mount.Type(v.Type),
		Source:      source,
		Target:      v.Target,
		ReadOnly:    v.ReadOnly,
		Consistency: mount.Consistency(v.Consistency),
	}
	switch {
	case v.Type == types.VolumeTypeBind && v.Bind != nil:
		m.BindOptions = &mount.BindOptions{
			Propagation:            mount.Propagation(v.Bind.Propagation),
			CreateMountpoint:       bool(v.Bind.CreateHostPath),
			NonRecursive:           v.Bind.Recursive == "disabled",
			ReadOnlyNonRecursive:   v.Bind.Recursive == "writable",
			ReadOnlyForceRecursive: v.Bind.Recursive == "readonly",
		}
	case v.Type == types.VolumeTypeVolume && v.Volume != nil:
		m.VolumeOptions = &mount.VolumeOptions{NoCopy: v.Volume.NoCopy, Subpath: v.Volume.Subpath, Labels: v.Volume.Labels}
	case v.Type == types.VolumeTypeTmpfs && v.Tmpfs != nil:
		m.TmpfsOptions = &mount.TmpfsOptions{SizeBytes: int64(v.Tmpfs.Size), Mode: os.FileMode(v.Tmpfs.Mode)}
	case v.Type == types.VolumeTypeImage && v.Image != nil:
		m.ImageOptions = &mount.ImageOptions{Subpath: v.Image.SubPath}
	}
	return m
}

// volumes are the named ones that some service mounts.
func volumes(doc *types.Project) ([]Volume, error) {
	var out []Volume
	for _, key := range slices.Sorted(maps.Keys(doc.Volumes)) {
		v := doc.Volumes[key]
		hashed := v
		if hashed.Driver == "" {
			hashed.Driver = "local"
		}
		hash, err := jsonHash(hashed)
		if err != nil {
			return nil, err
		}
		labels := ownLabels(doc, v.Labels, hash)
		labels[labelComposeVolume] = key
		out = append(out, Volume{
			Key:      key,
			Name:     v.Name,
			External: bool(v.External),
			Options:  volume.CreateOptions{Name: v.Name, Driver: v.Driver, DriverOpts: v.DriverOpts, Labels: labels},
		})
	}
	return out, nil
}
