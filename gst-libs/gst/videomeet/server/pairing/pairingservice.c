/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/pairing/pairingservice-priv.h"
#include "base/vmtimer-priv.h"

#include <string.h>

#define CLOSE_TIME (20 * 1000) /* ms; the store's lock may be waited for */

/* What is posted to the thread */

typedef struct
{
  VmPairingService *pairing;
  VmPairingServiceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->destroy && call->data)
    call->destroy (call->data);
  vm_pairing_service_unref (call->pairing);
  g_free (call);
}

static void
on_call (gpointer data)
{
  Call *call = data;

  if (!call->pairing->closed)
    call->func (call->pairing, &call->data);
}

static void
on_watcher_call (gpointer data)
{
  Call *call = data;

  if (!call->pairing->unwatched)
    call->func (call->pairing, &call->data);
}

static Call *
call_new (VmPairingService *pairing, VmPairingServiceFunc func, gpointer data,
    GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ vm_pairing_service_ref (pairing), func, data, destroy };
  return call;
}

void
vm_pairing_service_post (VmPairingService *pairing, VmPairingServiceFunc func,
    gpointer data, GDestroyNotify destroy)
{
  Call *call = call_new (pairing, func, data, destroy);

  g_mutex_lock (&pairing->lock);
  if (pairing->thread)
    vm_node_thread_post (
        pairing->thread, on_call, g_steal_pointer (&call), call_free);
  g_mutex_unlock (&pairing->lock);
  if (call)
    call_free (call);
}

static void
tell_known (VmPairingService *pairing, gpointer *nothing)
{
  vm_pairing_service_tell_known (pairing);
}

gboolean
vm_pairing_service_call_known (VmPairingService *pairing, guint time_ms)
{
  gboolean told;

  if (!vm_node_thread_call (pairing->watcher, on_watcher_call,
          call_new (pairing, tell_known, NULL, NULL), call_free, time_ms))
    return FALSE;
  g_mutex_lock (&pairing->lock);
  told = pairing->told;
  g_mutex_unlock (&pairing->lock);
  return told;
}

VmServer *
vm_pairing_service_dup_server (VmPairingService *pairing)
{
  VmServer *server;

  g_mutex_lock (&pairing->lock);
  server = pairing->server ? g_object_ref (pairing->server) : NULL;
  g_mutex_unlock (&pairing->lock);
  return server;
}

static void
set_name (VmPairingService *pairing, gpointer *name)
{
  vm_approver_set_name (pairing->approver, *name);
}

void
vm_pairing_service_set_name (VmPairingService *pairing, const gchar *name)
{
  vm_pairing_service_post (pairing, set_name, g_strdup (name), g_free);
}

static void
set_permissions (VmPairingService *pairing, gpointer *permissions)
{
  pairing->permissions = GPOINTER_TO_UINT (*permissions);
}

void
vm_pairing_service_set_permissions (
    VmPairingService *pairing, VmPermissions permissions)
{
  vm_pairing_service_post (
      pairing, set_permissions, GUINT_TO_POINTER (permissions), NULL);
}

static void
set_approve (VmPairingService *pairing, gpointer *approve)
{
  pairing->approve = GPOINTER_TO_INT (*approve);
  vm_pairing_service_settle (pairing);
}

void
vm_pairing_service_set_approve (VmPairingService *pairing, VmApprove approve)
{
  vm_pairing_service_post (
      pairing, set_approve, GINT_TO_POINTER (approve), NULL);
}

typedef struct
{
  gchar *request_id;
  gboolean approved;
  gint64 said; /* Unix µs */
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->request_id);
  g_free (answer);
}

static void
take_answer (VmPairingService *pairing, gpointer *data)
{
  const Answer *answer = *data;

  vm_pairing_service_say (
      pairing, answer->request_id, answer->approved, answer->said);
  vm_pairing_service_settle (pairing);
}

void
vm_pairing_service_answer (
    VmPairingService *pairing, const gchar *request_id, gboolean approved)
{
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ g_strdup (request_id), approved, g_get_real_time () };
  vm_pairing_service_post (pairing, take_answer, answer, answer_free);
}

static void
pass_time (VmPairingService *pairing, gpointer *time)
{
  pairing->passed += *(gint64 *) *time;
  vm_pairing_service_settle (pairing);
}

void
vm_pairing_service_pass_time (VmPairingService *pairing, gint64 time)
{
  vm_pairing_service_post (
      pairing, pass_time, g_memdup2 (&time, sizeof time), g_free);
}

static void
set_server (VmPairingService *pairing, VmServer *server)
{
  VmServer *old;

  g_mutex_lock (&pairing->lock);
  old = pairing->server;
  pairing->server = server ? g_object_ref (server) : NULL;
  g_mutex_unlock (&pairing->lock);
  g_clear_object (&old);
}

gboolean
vm_pairing_service_attach (
    VmPairingService *pairing, VmServer *server, gint64 time)
{
  set_server (pairing, server);
  return vm_pairing_service_call_known (pairing, (guint) (time / 1000));
}

static void
drop_held (VmPairingService *pairing, gpointer *nothing)
{
  g_ptr_array_set_size (pairing->held, 0);
}

void
vm_pairing_service_detach (VmPairingService *pairing)
{
  set_server (pairing, NULL);
  vm_pairing_service_post (pairing, drop_held, NULL, NULL);
}

/* Life */

static void
open_pairing (VmPairingService *pairing, gpointer *nothing)
{
  vm_pairing_service_open_asks (pairing);
}

static void
open_store (VmPairingService *pairing, gpointer *nothing)
{
  vm_pairing_service_open_store (pairing);
}

VmPairingService *
vm_pairing_service_new (VmIdentity *identity, VmTrustStore *store,
    const VmPairingServiceFuncs *funcs, gpointer user_data)
{
  VmPairingService *pairing = g_atomic_rc_box_new0 (VmPairingService);

  pairing->identity = g_object_ref (identity);
  pairing->store = g_object_ref (store);
  pairing->funcs = *funcs;
  pairing->user_data = user_data;
  pairing->pardons =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  pairing->held =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_ask_free);
  g_mutex_init (&pairing->lock);
  pairing->thread = vm_node_thread_new ("vm-trust");
  pairing->watcher = vm_node_thread_new ("vm-watch");
  vm_pairing_service_post (pairing, open_pairing, NULL, NULL);
  vm_node_thread_post (pairing->watcher, on_watcher_call,
      call_new (pairing, open_store, NULL, NULL), call_free);
  return pairing;
}

static void
close_pairing (VmPairingService *pairing, gpointer *nothing)
{
  pairing->closed = TRUE;
  vm_timer_clear (&pairing->timer);
  g_clear_pointer (&pairing->approver, vm_approver_free);
  g_ptr_array_set_size (pairing->held, 0);
}

static void
close_store (VmPairingService *pairing, gpointer *nothing)
{
  pairing->unwatched = TRUE;
  vm_pairing_service_close_store (pairing);
}

static void
end (VmPairingService *pairing, VmNodeThread **thread)
{
  VmNodeThread *ending;

  g_mutex_lock (&pairing->lock);
  ending = g_steal_pointer (thread);
  g_mutex_unlock (&pairing->lock);
  vm_node_thread_free (ending);
}

void
vm_pairing_service_close (VmPairingService *pairing)
{
  if (!vm_node_thread_call (pairing->thread, on_call,
          call_new (pairing, close_pairing, NULL, NULL), call_free, CLOSE_TIME))
    g_warning ("the trust store did not answer within %d s", CLOSE_TIME / 1000);
  /* this one first: it has the other do something */
  end (pairing, &pairing->thread);
  vm_node_thread_call (pairing->watcher, on_watcher_call,
      call_new (pairing, close_store, NULL, NULL), call_free, CLOSE_TIME);
  end (pairing, &pairing->watcher);
  set_server (pairing, NULL);
}

VmPairingService *
vm_pairing_service_ref (VmPairingService *pairing)
{
  return g_atomic_rc_box_acquire (pairing);
}

static void
clear (gpointer data)
{
  VmPairingService *pairing = data;

  g_mutex_clear (&pairing->lock);
  g_object_unref (pairing->identity);
  g_object_unref (pairing->store);
  g_hash_table_unref (pairing->pardons);
  g_ptr_array_unref (pairing->held);
  g_free (pairing->prompted);
  g_free (pairing->prompted_device);
}

void
vm_pairing_service_unref (VmPairingService *pairing)
{
  g_atomic_rc_box_release_full (pairing, clear);
}
