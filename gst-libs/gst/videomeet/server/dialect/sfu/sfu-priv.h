/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/sfu/sfucontrol.h"
#include "server/dialect/sfu/sfuline.h"
#include "server/server-priv.h"

/* Shared by sfu.c and sfupass.c. On vm-net. */

/* The state of the protocol. */
typedef struct
{
  VmServer *server;
  VmSfuAddress address; /* all zero: this server has no SFU */
  gchar *api_secret; /* or NULL */
  struct lws_vhost *vhost; /* of the lines, from the first one on */
  VmSfuControl *control;
  VmSfuLine *line; /* of the control, or NULL */
  GHashTable *passes; /* key -> VmSfuPass, of members that have used a ticket */
  gboolean pass_closed; /* since the last tick */
  gboolean hosted; /* it is for pairs of the meeting that this device hosts */
} VmSfuServer;

VmSfuServer *vm_sfu_server_of (VmServer *self);
/* A line to Janus, or NULL. */
VmSfuLine *vm_sfu_server_connect (
    VmSfuServer *sfu, const VmSfuLineFuncs *funcs, gpointer user_data);

/* sfupass.c: what one participant says to Janus through this server. It lasts
 * as long as the seat, so that a participant whose connection broke has its
 * session again. */
typedef struct _VmSfuPass VmSfuPass;

void vm_sfu_pass_free (VmSfuPass *pass);
void vm_sfu_pass_tick (VmSfuPass *pass, gint64 now);
/* Whether it is connected. */
gboolean vm_sfu_pass_is_open (const VmSfuPass *pass);
const gchar *vm_sfu_pass_get_meeting (const VmSfuPass *pass);
/* The route's. */
gboolean vm_sfu_upgrade (VmConn *conn, GError **error);
