package spec

import (
	"fmt"
	"maps"
	"slices"
)

// onDefault: the service is on the network that the project makes for services
// without networks, and on no other.
func (x *expansion) onDefault(service map[string]any) bool {
	networks := mapping(service["networks"])
	_, ok := networks["default"]
	external := fmt.Sprint(mapping(mapping(x.model["networks"])["default"])["external"])
	return ok && len(networks) == 1 && external != "true"
}

// neighbours are the names that the owner's networks have for other services,
// and whose they are.
func (x *expansion) neighbours(owner string, service map[string]any) map[string]string {
	taken := map[string]string{}
	own := mapping(service["networks"])
	for name, other := range mapping(x.model["services"]) {
		for network, attachment := range mapping(mapping(other)["networks"]) {
			if _, shared := own[network]; !shared || name == owner {
				continue
			}
			taken[name] = "service " + name
			aliases, _ := mapping(attachment)["aliases"].([]any)
			for _, alias := range aliases {
				taken[fmt.Sprint(alias)] = "service " + name
			}
		}
	}
	taken[owner] = "service " + owner
	return taken
}

// network adds a network for an owner and its services alone. It is the owner's
// last one, and not its default gateway: engines since 28 have a priority for
// that, older ones take the first by name.
func (x *expansion) network(owner string, service map[string]any) string {
	networks := mapping(x.model["networks"])
	key := unused(networks, owner+"-services", nil)
	name := x.project + "_" + key
	least, attached := 0, mapping(service["networks"])
	for _, other := range slices.Sorted(maps.Keys(attached)) {
		a := mapping(attached[other])
		for _, attribute := range []string{"priority", "gw_priority"} {
			if n, ok := a[attribute].(int); ok {
				least = min(least, n)
			}
		}
		for named, _ := mapping(networks[other])["name"].(string); named >= name && named < "{"; {
			name = "z" + name
		}
	}
	attached[key] = map[string]any{"priority": least - 1, "gw_priority": least - 1}
	networks[key] = map[string]any{"name": name, "driver": "bridge"}
	x.model["networks"] = networks
	return key
}
