/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/net/netclient.h"

/* A server on loopback whose host sits in a meeting, "standup", and hears what
 * the model tells it. */

extern VmServer *server;
extern VmSeat *seat;

void setup (void);
void teardown (void);
void open_with (VmServerConfig config, const VmServerTimes *times,
    const gchar *pin, guint max);
void reopen (const VmServerTimes *times, const gchar *pin, guint max);

/* A VmSeatFunc: the host hears it. */
void on_host_signal (VmSeat *of, const VmSignal *signal, gpointer user_data);
/* The host's next signal of @type; others are dropped. */
VmSignal *host_wait (VmSignalType type);
/* The host does not take what the participant @to has sent. */
void host_refuses (const gchar *to, const gchar *code);
/* That the host hears that the meeting is @locked, or no longer. */
void host_wait_locked (gboolean locked);
void has (const gchar *text, const gchar *part);
/* That this is refused. */
void check_upgrade (const gchar *path, const gchar *protocol);
