/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentgoodbye.h"

#include "base/vmtimer-priv.h"

typedef struct
{
  SoupWebsocketConnection *socket;
  GSource *timer;
  GDestroyNotify done;
  gpointer data;
} Goodbye;

static gboolean
on_over (gpointer user_data)
{
  Goodbye *self = user_data;

  vm_timer_clear (&self->timer);
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_object_unref (self->socket);
  self->done (self->data);
  g_free (self);
  return G_SOURCE_REMOVE;
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  on_over (user_data);
}

void
vm_agent_goodbye (
    SoupWebsocketConnection *socket, GDestroyNotify done, gpointer data)
{
  Goodbye *self;

  if (soup_websocket_connection_get_state (socket)
      != SOUP_WEBSOCKET_STATE_OPEN) {
    done (data);
    return;
  }
  self = g_new0 (Goodbye, 1);
  *self = (Goodbye){ g_object_ref (socket), NULL, done, data };
  self->timer = vm_timer_new (NULL, VM_AGENT_GOODBYE_TIME, on_over, self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}
