/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/linger.h"

static gboolean
on_lingered (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
on_hung_up (SoupWebsocketConnection *socket, GSource *lingering)
{
  g_source_destroy (lingering);
}

static void
unref_source (gpointer source, GClosure *closure)
{
  g_source_unref (source);
}

void
vm_linger (SoupWebsocketConnection *socket, GMainContext *context)
{
  GSource *source = g_timeout_source_new (VM_LINGER_MS);

  g_source_set_callback (source, on_lingered, socket, g_object_unref);
  g_source_attach (source, context);
  g_signal_connect_data (
      socket, "closed", G_CALLBACK (on_hung_up), source, unref_source, 0);
}
