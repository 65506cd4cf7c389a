/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentcontrol.h"
#include "base/json/json.h"
#include "client/httpclient.h"

#include <libsoup/soup.h>

/* Shared by agentcontrol.c and agentcaps.c. */

typedef enum
{
  STATE_IDLE,
  STATE_RECALLING,
  STATE_SIGNING_IN,
  STATE_OPENING,
  STATE_REMEMBERING,
  STATE_ENTERING,
  STATE_READY,
  STATE_PAUSE,
  STATE_OVER,
  N_STATES
} State;

struct _VmAgentControl
{
  gint refs; /* requests under way have one each */
  gboolean freed;
  void (*gone) (gpointer data); /* or NULL */
  gpointer gone_data;
  const VmAgentControlFuncs *funcs;
  gpointer user_data;
  gchar *server, *room, *user, *pin;
  gboolean own_machine;

  State state;
  gboolean was_ready; /* once; then it comes back by itself */
  gint64 ready_since;
  guint pause; /* ms */
  GSource *timer;
  GCancellable *cancellable; /* of the attempt */
  VmHttpClient *http;
  VmServerKey *server_key; /* or NULL */
  gchar *access_token, *stun;
  SoupSession *session;
  SoupWebsocketConnection *socket;
  gchar *own_id, *own_device;

  GHashTable *peers; /* device id -> user */
  GPtrArray *keys; /* or NULL */
  gint64 keys_at;
};

VmAgentControl *vm_agent_control_ref (VmAgentControl *self);
void vm_agent_control_unref (VmAgentControl *self);
/* The JSON of a request, up to its end; with one member. */
GString *vm_agent_control_begin_body (const gchar *key, const gchar *value);
/* Takes @body, which may be NULL. */
void vm_agent_control_send_http (VmAgentControl *self, const gchar *method,
    const gchar *path, GString *body, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
/* The answer, or @error with the server's code. */
gboolean
vm_agent_control_read_reply (VmHttpReply *reply, VmJson *json, GError **error);
