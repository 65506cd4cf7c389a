/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/ephemerals.h"

static GMutex lock; /* guards what follows; nothing is called under it */
static VmEphemeral *ready[VM_EPHEMERALS_READY];
static guint n_ready;

/* Whether @ephemeral was wanted. */
static gboolean
put (VmEphemeral *ephemeral)
{
  gboolean wanted;

  g_mutex_lock (&lock);
  wanted = n_ready < VM_EPHEMERALS_READY;
  if (wanted)
    ready[n_ready++] = ephemeral;
  g_mutex_unlock (&lock);
  return wanted;
}

void
vm_ephemerals_prepare (void)
{
  while (vm_ephemerals_count () < VM_EPHEMERALS_READY) {
    VmEphemeral *ephemeral = vm_ephemeral_new (NULL);

    if (!ephemeral)
      return;
    if (!put (ephemeral))
      vm_ephemeral_free (ephemeral);
  }
}

VmEphemeral *
vm_ephemerals_take (GError **error)
{
  VmEphemeral *ephemeral = NULL;

  g_mutex_lock (&lock);
  if (n_ready)
    ephemeral = g_steal_pointer (&ready[--n_ready]);
  g_mutex_unlock (&lock);
  return ephemeral ? ephemeral : vm_ephemeral_new (error);
}

guint
vm_ephemerals_count (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = n_ready;
  g_mutex_unlock (&lock);
  return n;
}
