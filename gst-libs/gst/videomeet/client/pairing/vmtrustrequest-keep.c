/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What both sides of a request for trust have agreed on goes into the store. */

#include "client/pairing/vmtrustrequest-priv.h"
#include "trust/pairing/handshake.h"
#include "trust/store/vmtruststore-priv.h"
#include <gst/videomeet/vmerror.h>

static void
memory_free (VmTrustMemory *memory)
{
  g_object_unref (memory->store);
  g_object_unref (memory->identity);
  g_object_unref (memory->certificate);
  g_bytes_unref (memory->spki);
  vm_token_unref (memory->held);
  g_free (memory->user);
  g_free (memory->device);
  g_free (memory->pardon);
  g_free (memory);
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
      memory->permissions, NULL, date, date + VM_TRUST_TOKEN_TIME, &error);

  if (given
      && vm_trust_store_add_anew (memory->store, memory->user, memory->device,
          memory->certificate, given, memory->held, memory->pardon, now,
          &error))
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

typedef struct
{
  VmTrustStore *store;
  gchar *device_id;
  gint64 said;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_object_unref (look->store);
  g_free (look->device_id);
  g_free (look);
}

static void
look_here (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Look *look = data;

  g_task_return_pointer (task,
      vm_trust_store_get_revocation (look->store, look->device_id, look->said),
      g_free);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  VmTrustRequest *self = VM_TRUST_REQUEST (source);

  g_free (self->pardon);
  self->pardon = g_task_propagate_pointer (G_TASK (result), NULL);
  self->looks = FALSE;
  vm_trust_request_pump (self);
}

void
vm_trust_request_look (VmTrustRequest *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_looked, NULL);
  Look *look = g_new (Look, 1);

  *look = (Look){ g_object_ref (self->store), g_strdup (self->device_id),
    g_get_real_time () };
  self->looks = TRUE;
  g_task_set_task_data (task, look, look_free);
  g_task_run_in_thread (task, look_here);
}

static void
on_store_changed (const VmStoreChange *change, gpointer user_data)
{
  VmTrustRequest *self = user_data;

  if (g_strv_contains (change->revoked, self->device_id))
    vm_trust_request_finish (self, g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
                                       "Trust in %s was revoked meanwhile",
                                       vm_trust_request_get_name (self)));
}

void
vm_trust_request_watch (VmTrustRequest *self)
{
  self->watch = vm_store_watch_new (self->store,
      g_main_context_get_thread_default (), on_store_changed, self);
}
