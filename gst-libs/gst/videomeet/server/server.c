/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What other threads have run on vm-net, and what they set and get. */

#include "server/server-priv.h"

#include <libwebsockets.h>
#include <openssl/rand.h>

typedef struct
{
  VmServerFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
call_free (Call *call)
{
  if (call->destroy)
    call->destroy (call->data);
  g_free (call);
}

void
vm_server_post (
    VmServer *self, VmServerFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ func, data, destroy };
  g_mutex_lock (&self->lock);
  if (self->takes_calls) {
    g_queue_push_tail (&self->calls, call);
    /* a write to a pipe; the lock keeps the context alive */
    if (self->context)
      lws_cancel_service (self->context);
    call = NULL;
  }
  g_mutex_unlock (&self->lock);
  if (call)
    call_free (call);
}

void
vm_server_run_calls (VmServer *self)
{
  Call *call;

  do {
    g_mutex_lock (&self->lock);
    call = g_queue_pop_head (&self->calls);
    g_mutex_unlock (&self->lock);
    if (call) {
      call->func (self, call->data);
      call_free (call);
    }
  } while (call);
}

typedef struct
{
  VmServerMake make;
  gpointer data;
  GDestroyNotify destroy;
  GMutex lock; /* of what follows */
  GCond cond;
  gboolean done;
  gchar *text;
  GError *error;
} Making;

static void
making_clear (gpointer data)
{
  Making *making = data;

  if (making->destroy)
    making->destroy (making->data);
  g_free (making->text);
  g_clear_error (&making->error);
  g_mutex_clear (&making->lock);
  g_cond_clear (&making->cond);
}

static void
making_unref (gpointer making)
{
  g_atomic_rc_box_release_full (making, making_clear);
}

static void
make_on_net (VmServer *self, gpointer data)
{
  Making *making = data;
  GError *error = NULL;
  gchar *text = making->make (self, making->data, &error);

  g_mutex_lock (&making->lock);
  making->done = TRUE;
  making->text = text;
  making->error = error;
  g_cond_signal (&making->cond);
  g_mutex_unlock (&making->lock);
}

gchar *
vm_server_make_text (VmServer *self, VmServerMake make, gpointer data,
    GDestroyNotify destroy, GError **error)
{
  gint64 end = g_get_monotonic_time () + VM_SERVER_CALL_TIME;
  Making *making = g_atomic_rc_box_new0 (Making);
  gboolean waits = TRUE;
  gchar *text;

  making->make = make;
  making->data = data;
  making->destroy = destroy;
  g_mutex_init (&making->lock);
  g_cond_init (&making->cond);
  vm_server_post (
      self, make_on_net, g_atomic_rc_box_acquire (making), making_unref);
  g_mutex_lock (&making->lock);
  while (!making->done && waits)
    waits = g_cond_wait_until (&making->cond, &making->lock, end);
  text = g_steal_pointer (&making->text);
  if (making->error)
    g_propagate_error (error, g_steal_pointer (&making->error));
  else if (!text)
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The server did not make the link within 5 seconds");
  g_mutex_unlock (&making->lock);
  making_unref (making);
  return text;
}

void
vm_server_random (guint8 *bytes, gsize size, gpointer user_data)
{
  if (RAND_bytes (bytes, (int) size) != 1)
    g_error ("the system gives no random numbers");
}

gpointer
vm_server_get_state (VmServer *self, const VmServerProtocol *protocol)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i] == protocol)
      return self->states[i];
  }
  return NULL;
}

void
vm_server_set_times (VmServer *self, const VmServerTimes *times)
{
  self->times = *times;
}

void
vm_server_set_room_func (VmServer *self, VmRoomFunc func, gpointer user_data)
{
  g_return_if_fail (!self->thread);

  self->room_func = func;
  self->room_data = user_data;
}

guint16
vm_server_get_port (VmServer *self)
{
  return self->port;
}

gboolean
vm_server_get_secure (VmServer *self)
{
  return self->secure;
}

const gchar *
vm_server_get_name (VmServer *self)
{
  return self->named ? vm_named_cert_get_name (self->named) : NULL;
}

static void
take_info (VmServer *self, gpointer data)
{
  vm_device_info_free (self->info);
  self->info = vm_device_info_copy (data);
}

static void
take_address (VmServer *self, gpointer data)
{
  g_free (self->address);
  self->address = g_strdup (data);
}

void
vm_server_set_address (VmServer *self, const gchar *address)
{
  if (!self->thread)
    take_address (self, (gpointer) address);
  else
    vm_server_post (self, take_address, g_strdup (address), g_free);
}

/* Before the start too. */
void
vm_server_set_device_info (VmServer *self, const VmDeviceInfo *info)
{
  if (!self->thread)
    take_info (self, (gpointer) info);
  else
    vm_server_post (self, take_info, vm_device_info_copy (info),
        (GDestroyNotify) vm_device_info_free);
}
