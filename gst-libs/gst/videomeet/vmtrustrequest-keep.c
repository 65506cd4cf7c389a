/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What both sides of a request for trust have agreed on goes into the store. */

#include "vmtrustrequest-priv.h"
#include "trust/decision.h"
#include "trust/handshake.h"
#include "trust/vmtruststore-priv.h"

static void
memory_free (VmTrustMemory *memory)
{
  g_object_unref (memory->store);
  g_object_unref (memory->identity);
  g_object_unref (memory->certificate);
  g_bytes_unref (memory->spki);
  vm_token_unref (memory->held);
  g_free (memory->device_id);
  g_free (memory->user);
  g_free (memory->device);
  g_free (memory);
}

/* Its user has confirmed new digits: what was revoked before is trusted anew. */
static gboolean
pardon (const VmTrustMemory *memory, GDateTime *now, GError **error)
{
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (memory->store, memory->device_id, NULL, NULL, now);

  return !facts->revoked
         || vm_trust_store_pardon (memory->store, memory->device_id, error);
}

/* On a thread of GLib's pool: the store reads and writes files. */
static void
remember_here (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  VmTrustMemory *memory = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 date = g_date_time_to_unix (now);
  GError *error = NULL;
  g_autoptr (VmToken) given = vm_token_issue (memory->identity, memory->spki,
      VM_POLICY_PERMISSIONS, NULL, date, date + VM_TRUST_TOKEN_TIME, &error);

  if (given && pardon (memory, now, &error)
      && vm_trust_store_add (memory->store, memory->user, memory->device,
          memory->certificate, given, memory->held, now, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
vm_trust_memory_keep_async (
    VmTrustMemory *memory, gpointer source, GAsyncReadyCallback callback)
{
  g_autoptr (GTask) task = g_task_new (source, NULL, callback, NULL);

  g_task_set_task_data (task, memory, (GDestroyNotify) memory_free);
  g_task_run_in_thread (task, remember_here);
}
