package spec

import "fmt"

// labelPrefix is that of every label of foster's own.
const labelPrefix = "foster."

// What foster is told by nobody but the engine: under which name a container
// runs, and what it was made from. These two labels repeat that, so that labels
// which were copied to another container say something that is not so.
const (
	LabelContainer = "foster.container" // the name that it was made under
	LabelImage     = "foster.image"     // its image, as in the document
)

// Genuine says why a container is not one that a foster has made for the project
// and child that its labels name; "" when nothing speaks against it. Labels that
// somebody wrote by hand are incomplete or do not agree; those that were copied,
// with an image that docker commit made or from a file, are on a container of
// another name, or of another image. Who sets out to forge one can: that takes
// the engine's socket, and so the same rights as foster's.
//
// image is the reference that the container was made from.
func Genuine(name, image string, labels map[string]string) string {
	for _, label := range []string{LabelProject, LabelChild, LabelSpecHash, LabelContainer, LabelImage, labelComposeHash} {
		if labels[label] == "" {
			return "it lacks the label " + label
		}
	}
	for _, same := range []struct{ ours, theirs string }{{LabelProject, labelComposeProject}, {LabelChild, labelComposeService}} {
		if labels[same.ours] != labels[same.theirs] {
			return fmt.Sprintf("its labels %s and %s do not agree", same.ours, same.theirs)
		}
	}
	if image != labels[LabelImage] {
		return fmt.Sprintf("it was made from image %s, its label %s says %s", image, LabelImage, labels[LabelImage])
	}
	if name != labels[LabelContainer] {
		return fmt.Sprintf("its name is %s, its label %s says %s", name, LabelContainer, labels[LabelContainer])
	}
	return ""
}
