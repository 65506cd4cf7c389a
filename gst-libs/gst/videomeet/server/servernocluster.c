/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Without libnats there is no cluster. */

#include "server/servercluster.h"
#include <gst/videomeet/vmerror.h>

VmServerCluster *
vm_server_cluster_new (
    VmServer *server, const VmServerConfig *config, GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "This program was built without NATS, and knows no cluster");
  return NULL;
}

void
vm_server_cluster_free (VmServerCluster *self)
{
}

void
vm_server_cluster_tick (VmServerCluster *self, gint64 now)
{
}

gboolean
vm_server_cluster_is_busy (VmServerCluster *self)
{
  return FALSE;
}

const gchar *
vm_server_cluster_get_node (VmServerCluster *self)
{
  return NULL;
}

gboolean
vm_server_cluster_is_other (VmServerCluster *self, const gchar *node)
{
  return FALSE;
}

guint64
vm_server_cluster_forward (VmServerCluster *self, const gchar *node,
    const VmForward *forward, VmConn *asker)
{
  return 0;
}

void
vm_server_cluster_give_up (VmServerCluster *self, guint64 forward)
{
}

void
vm_server_cluster_reply (VmServerCluster *self, const gchar *node,
    guint64 number, guint status, GBytes *body)
{
}

gboolean
vm_server_cluster_waits (VmServerCluster *self)
{
  return FALSE;
}
