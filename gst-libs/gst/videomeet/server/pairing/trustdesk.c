/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/pairing/trustdesk-priv.h"
#include "base/vmtimer-priv.h"

#include <string.h>

#define CLOSE_TIME (20 * 1000) /* ms; the store's lock may be waited for */

/* What is posted to the thread */

typedef struct
{
  VmTrustDesk *desk;
  VmTrustDeskFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->destroy && call->data)
    call->destroy (call->data);
  vm_trust_desk_unref (call->desk);
  g_free (call);
}

static void
on_call (gpointer data)
{
  Call *call = data;

  if (!call->desk->closed)
    call->func (call->desk, &call->data);
}

static void
on_watcher_call (gpointer data)
{
  Call *call = data;

  if (!call->desk->unwatched)
    call->func (call->desk, &call->data);
}

static Call *
call_new (VmTrustDesk *desk, VmTrustDeskFunc func, gpointer data,
    GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ vm_trust_desk_ref (desk), func, data, destroy };
  return call;
}

void
vm_trust_desk_post (VmTrustDesk *desk, VmTrustDeskFunc func, gpointer data,
    GDestroyNotify destroy)
{
  Call *call = call_new (desk, func, data, destroy);

  g_mutex_lock (&desk->lock);
  if (desk->thread)
    vm_node_thread_post (
        desk->thread, on_call, g_steal_pointer (&call), call_free);
  g_mutex_unlock (&desk->lock);
  if (call)
    call_free (call);
}

static void
tell_known (VmTrustDesk *desk, gpointer *nothing)
{
  vm_trust_desk_tell_known (desk);
}

gboolean
vm_trust_desk_call_known (VmTrustDesk *desk, guint time_ms)
{
  gboolean told;

  if (!vm_node_thread_call (desk->watcher, on_watcher_call,
          call_new (desk, tell_known, NULL, NULL), call_free, time_ms))
    return FALSE;
  g_mutex_lock (&desk->lock);
  told = desk->told;
  g_mutex_unlock (&desk->lock);
  return told;
}

VmServer *
vm_trust_desk_dup_server (VmTrustDesk *desk)
{
  VmServer *server;

  g_mutex_lock (&desk->lock);
  server = desk->server ? g_object_ref (desk->server) : NULL;
  g_mutex_unlock (&desk->lock);
  return server;
}

static void
set_name (VmTrustDesk *desk, gpointer *name)
{
  vm_approver_set_name (desk->approver, *name);
}

void
vm_trust_desk_set_name (VmTrustDesk *desk, const gchar *name)
{
  vm_trust_desk_post (desk, set_name, g_strdup (name), g_free);
}

static void
set_permissions (VmTrustDesk *desk, gpointer *permissions)
{
  desk->permissions = GPOINTER_TO_UINT (*permissions);
}

void
vm_trust_desk_set_permissions (VmTrustDesk *desk, VmPermissions permissions)
{
  vm_trust_desk_post (
      desk, set_permissions, GUINT_TO_POINTER (permissions), NULL);
}

static void
set_approve (VmTrustDesk *desk, gpointer *approve)
{
  desk->approve = GPOINTER_TO_INT (*approve);
  vm_trust_desk_settle (desk);
}

void
vm_trust_desk_set_approve (VmTrustDesk *desk, VmApprove approve)
{
  vm_trust_desk_post (desk, set_approve, GINT_TO_POINTER (approve), NULL);
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
take_answer (VmTrustDesk *desk, gpointer *data)
{
  const Answer *answer = *data;

  vm_trust_desk_say (desk, answer->request_id, answer->approved, answer->said);
  vm_trust_desk_settle (desk);
}

void
vm_trust_desk_answer (
    VmTrustDesk *desk, const gchar *request_id, gboolean approved)
{
  Answer *answer = g_new (Answer, 1);

  *answer = (Answer){ g_strdup (request_id), approved, g_get_real_time () };
  vm_trust_desk_post (desk, take_answer, answer, answer_free);
}

static void
pass_time (VmTrustDesk *desk, gpointer *time)
{
  desk->passed += *(gint64 *) *time;
  vm_trust_desk_settle (desk);
}

void
vm_trust_desk_pass_time (VmTrustDesk *desk, gint64 time)
{
  vm_trust_desk_post (desk, pass_time, g_memdup2 (&time, sizeof time), g_free);
}

static void
set_server (VmTrustDesk *desk, VmServer *server)
{
  VmServer *old;

  g_mutex_lock (&desk->lock);
  old = desk->server;
  desk->server = server ? g_object_ref (server) : NULL;
  g_mutex_unlock (&desk->lock);
  g_clear_object (&old);
}

gboolean
vm_trust_desk_attach (VmTrustDesk *desk, VmServer *server, gint64 time)
{
  set_server (desk, server);
  return vm_trust_desk_call_known (desk, (guint) (time / 1000));
}

static void
drop_held (VmTrustDesk *desk, gpointer *nothing)
{
  g_ptr_array_set_size (desk->held, 0);
}

void
vm_trust_desk_detach (VmTrustDesk *desk)
{
  set_server (desk, NULL);
  vm_trust_desk_post (desk, drop_held, NULL, NULL);
}

/* Life */

static void
open_desk (VmTrustDesk *desk, gpointer *nothing)
{
  vm_trust_desk_open_asks (desk);
}

static void
open_store (VmTrustDesk *desk, gpointer *nothing)
{
  vm_trust_desk_open_store (desk);
}

VmTrustDesk *
vm_trust_desk_new (VmIdentity *identity, VmTrustStore *store,
    const VmTrustDeskFuncs *funcs, gpointer user_data)
{
  VmTrustDesk *desk = g_atomic_rc_box_new0 (VmTrustDesk);

  desk->identity = g_object_ref (identity);
  desk->store = g_object_ref (store);
  desk->funcs = *funcs;
  desk->user_data = user_data;
  desk->pardons =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  desk->held =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_ask_free);
  g_mutex_init (&desk->lock);
  desk->thread = vm_node_thread_new ("vm-trust");
  desk->watcher = vm_node_thread_new ("vm-watch");
  vm_trust_desk_post (desk, open_desk, NULL, NULL);
  vm_node_thread_post (desk->watcher, on_watcher_call,
      call_new (desk, open_store, NULL, NULL), call_free);
  return desk;
}

static void
close_desk (VmTrustDesk *desk, gpointer *nothing)
{
  desk->closed = TRUE;
  vm_timer_clear (&desk->timer);
  g_clear_pointer (&desk->approver, vm_approver_free);
  g_ptr_array_set_size (desk->held, 0);
}

static void
close_store (VmTrustDesk *desk, gpointer *nothing)
{
  desk->unwatched = TRUE;
  vm_trust_desk_close_store (desk);
}

static void
end (VmTrustDesk *desk, VmNodeThread **thread)
{
  VmNodeThread *ending;

  g_mutex_lock (&desk->lock);
  ending = g_steal_pointer (thread);
  g_mutex_unlock (&desk->lock);
  vm_node_thread_free (ending);
}

void
vm_trust_desk_close (VmTrustDesk *desk)
{
  if (!vm_node_thread_call (desk->thread, on_call,
          call_new (desk, close_desk, NULL, NULL), call_free, CLOSE_TIME))
    g_warning ("the trust store did not answer within %d s", CLOSE_TIME / 1000);
  /* this one first: it has the other do something */
  end (desk, &desk->thread);
  vm_node_thread_call (desk->watcher, on_watcher_call,
      call_new (desk, close_store, NULL, NULL), call_free, CLOSE_TIME);
  end (desk, &desk->watcher);
  set_server (desk, NULL);
}

VmTrustDesk *
vm_trust_desk_ref (VmTrustDesk *desk)
{
  return g_atomic_rc_box_acquire (desk);
}

static void
clear (gpointer data)
{
  VmTrustDesk *desk = data;

  g_mutex_clear (&desk->lock);
  g_object_unref (desk->identity);
  g_object_unref (desk->store);
  g_hash_table_unref (desk->pardons);
  g_ptr_array_unref (desk->held);
  g_free (desk->prompted);
  g_free (desk->prompted_device);
}

void
vm_trust_desk_unref (VmTrustDesk *desk)
{
  g_atomic_rc_box_release_full (desk, clear);
}
