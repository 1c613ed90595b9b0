/* door.h: the workspace on the network: the API on one port of 127.0.0.1, its control
 * on another. One thread: everything happens in doors_run. */
#ifndef LB_TESTS_WORKSPACE_DOOR_H
#define LB_TESTS_WORKSPACE_DOOR_H

#include "support/workspace/workspace.h"

#include <signal.h>

/* Ports: 0: any that is free. certificate, key: PEM texts, or NULL: without TLS. */
struct door_options {
	uint16_t port;
	uint16_t control_port;
	const char *certificate;
	const char *key;
};

struct MHD_Daemon;
struct exchange;

/* held: exchanges that wait for their time. */
struct doors {
	struct workspace *workspace;
	struct door_options options;
	struct MHD_Daemon *api;
	struct MHD_Daemon *control;
	struct exchange *held;
};

/* The ports that were taken are then in doors->options. False: somebody else has
 * them, or the certificate is none; said on stderr. */
bool doors_open(struct doors *doors, struct workspace *workspace,
		const struct door_options *options);
void doors_close(struct doors *doors);

/* Serves until *stop is set by a signal, which is blocked but while it waits. */
void doors_run(struct doors *doors, const volatile sig_atomic_t *stop, const sigset_t *unblocked);

#endif
