package spec

// The reasons that many attributes have in common.
const (
	noScheduler = "set it on the Swarm service that runs foster"
	onlyNames   = "it only describes the thing"
)

// deployAttributes are those of deploy. Docker compose takes all that Swarm has,
// so that one file serves both, and applies what a container can have.
var deployAttributes = []Attribute{
	{Path: "services.*.deploy.mode", Fate: NoEffect, Note: noScheduler, quiet: "replicated"},
	{Path: "services.*.deploy.replicas", Fate: Applied, Note: "as `scale`"},
	{Path: "services.*.deploy.labels", Fate: NoEffect, Note: noScheduler + ", or write labels"},
	{Path: "services.*.deploy.update_config", Fate: NoEffect, Note: noScheduler},
	{Path: "services.*.deploy.rollback_config", Fate: NoEffect, Note: noScheduler},
	{Path: "services.*.deploy.placement", Fate: NoEffect, Note: noScheduler},
	{Path: "services.*.deploy.endpoint_mode", Fate: NoEffect, Note: noScheduler},
	{Path: "services.*.deploy.restart_policy.condition", Fate: Applied, Note: "by foster; wins over `restart`"},
	{Path: "services.*.deploy.restart_policy.max_attempts", Fate: Applied, Note: "by foster"},
	{Path: "services.*.deploy.restart_policy.delay", Fate: NoEffect, Note: "foster's own backoff applies, see FOSTER_BACKOFF_MAX"},
	{Path: "services.*.deploy.restart_policy.window", Fate: NoEffect, Note: "foster's own applies, see FOSTER_STABLE_AFTER"},
	{Path: "services.*.deploy.resources.limits.cpus", Fate: Applied},
	{Path: "services.*.deploy.resources.limits.memory", Fate: Applied},
	{Path: "services.*.deploy.resources.limits.pids", Fate: Applied},
	{Path: "services.*.deploy.resources.limits.devices", Fate: unwritable},
	{Path: "services.*.deploy.resources.limits.generic_resources", Fate: unwritable},
	{Path: "services.*.deploy.resources.reservations.cpus", Fate: NoEffect, Note: noScheduler},
	{Path: "services.*.deploy.resources.reservations.memory", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.pids", Fate: unwritable},
	{Path: "services.*.deploy.resources.reservations.devices[].capabilities", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.devices[].count", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.devices[].device_ids", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.devices[].driver", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.devices[].options", Fate: Applied},
	{Path: "services.*.deploy.resources.reservations.generic_resources", Fate: NoEffect, Note: noScheduler},
}

// objectAttributes are those of everything beside services.
var objectAttributes = []Attribute{
	{Path: "networks.*.attachable", Fate: Applied},
	{Path: "networks.*.driver", Fate: Applied},
	{Path: "networks.*.driver_opts", Fate: Applied},
	{Path: "networks.*.enable_ipv4", Fate: Applied, Note: "engines from API 1.47"},
	{Path: "networks.*.enable_ipv6", Fate: Applied},
	{Path: "networks.*.external", Fate: Applied},
	{Path: "networks.*.internal", Fate: Applied},
	{Path: "networks.*.ipam.driver", Fate: Applied},
	{Path: "networks.*.ipam.options", Fate: Applied, Note: "docker compose forgets them"},
	{Path: "networks.*.ipam.config[].subnet", Fate: Applied},
	{Path: "networks.*.ipam.config[].ip_range", Fate: Applied},
	{Path: "networks.*.ipam.config[].gateway", Fate: Applied},
	{Path: "networks.*.ipam.config[].aux_addresses", Fate: Applied},
	{Path: "networks.*.labels", Fate: Applied},
	{Path: "networks.*.name", Fate: Applied},

	{Path: "volumes.*.driver", Fate: Applied},
	{Path: "volumes.*.driver_opts", Fate: Applied},
	{Path: "volumes.*.external", Fate: Applied},
	{Path: "volumes.*.labels", Fate: Applied},
	{Path: "volumes.*.name", Fate: Applied},

	{Path: "secrets.*.content", Fate: unwritable}, // of what environment names
	{Path: "secrets.*.driver", Fate: Refused, Note: "write file or environment"},
	{Path: "secrets.*.driver_opts", Fate: NoEffect, Note: "there is no driver"},
	{Path: "secrets.*.environment", Fate: Applied, Note: "a variable of foster's own environment"},
	{Path: "secrets.*.external", Fate: Refused, Note: "give the secret to foster's own Swarm service, and write file: /run/secrets/NAME"},
	{Path: "secrets.*.file", Fate: Applied, Note: "a file in foster's own container, put into the child's; docker compose mounts one of the host"},
	{Path: "secrets.*.labels", Fate: NoEffect, Note: onlyNames},
	{Path: "secrets.*.name", Fate: NoEffect, Note: onlyNames},
	{Path: "secrets.*.template_driver", Fate: Refused, Note: "write file or environment"},

	{Path: "configs.*.content", Fate: Applied},
	{Path: "configs.*.driver", Fate: unwritable},
	{Path: "configs.*.driver_opts", Fate: unwritable},
	{Path: "configs.*.environment", Fate: Applied, Note: "a variable of foster's own environment"},
	{Path: "configs.*.external", Fate: Refused, Note: "give the config to foster's own Swarm service, and write file: and its path there"},
	{Path: "configs.*.file", Fate: Applied, Note: "a file in foster's own container, put into the child's; docker compose mounts one of the host"},
	{Path: "configs.*.labels", Fate: NoEffect, Note: onlyNames},
	{Path: "configs.*.name", Fate: NoEffect, Note: onlyNames},
	{Path: "configs.*.template_driver", Fate: Refused, Note: "write content: it may hold ${…}"},

	{Path: "name", Fate: Applied, Note: "LAUNCH_PROJECT_NAME and COMPOSE_PROJECT_NAME win over it"},
	{Path: "jobs", Fate: Refused, Note: "write a service, with restart: \"no\""},
	{Path: "models", Fate: Refused, Note: "run the model in a container of its own"},
}
