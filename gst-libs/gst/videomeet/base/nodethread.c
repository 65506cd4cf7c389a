/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/nodethread.h"

#include "base/vmmailbox-priv.h"

struct _VmNodeThread
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  VmMailbox *mailbox;
};

/* One function to run; shared by both sides when one of them waits. */
typedef struct
{
  GMutex lock; /* of done */
  GCond cond;
  gboolean done;
  VmNodeFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
call_clear (gpointer data)
{
  Call *call = data;

  if (call->destroy)
    call->destroy (call->data);
  g_mutex_clear (&call->lock);
  g_cond_clear (&call->cond);
}

static void
call_unref (gpointer call)
{
  g_atomic_rc_box_release_full (call, call_clear);
}

static gboolean
on_call (gpointer user_data)
{
  Call *call = user_data;

  call->func (call->data);
  g_mutex_lock (&call->lock);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->lock);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer user_data)
{
  g_autoptr (GMainLoop) loop = user_data;
  GMainContext *context = g_main_loop_get_context (loop);

  g_main_context_push_thread_default (context);
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (context);
  return NULL;
}

VmNodeThread *
vm_node_thread_new (const gchar *name)
{
  VmNodeThread *self = g_new0 (VmNodeThread, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->mailbox = vm_mailbox_new (self->context);
  self->thread = g_thread_new (name, run, g_main_loop_ref (self->loop));
  return self;
}

static void
quit (gpointer loop)
{
  g_main_loop_quit (loop);
}

void
vm_node_thread_free (VmNodeThread *self)
{
  /* from inside the loop: quitting before it runs would be forgotten */
  vm_node_thread_post (self, quit, g_main_loop_ref (self->loop),
      (GDestroyNotify) g_main_loop_unref);
  if (vm_node_thread_is_current (self))
    g_thread_unref (self->thread);
  else
    g_thread_join (self->thread);
  vm_mailbox_free (self->mailbox);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

gboolean
vm_node_thread_is_current (VmNodeThread *self)
{
  return g_thread_self () == self->thread;
}

static Call *
call_new (VmNodeFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = g_atomic_rc_box_new0 (Call);

  g_mutex_init (&call->lock);
  g_cond_init (&call->cond);
  call->func = func;
  call->data = data;
  call->destroy = destroy;
  return call;
}

/* Takes @call. */
static void
post (VmNodeThread *self, Call *call)
{
  vm_mailbox_post (self->mailbox, on_call, call, call_unref);
}

/* It is the thread's alone: whoever posts may be slower to let go than the
 * thread is to be done with it, and what it frees could be what the poster runs
 * on. */
void
vm_node_thread_post (
    VmNodeThread *self, VmNodeFunc func, gpointer data, GDestroyNotify destroy)
{
  post (self, call_new (func, data, destroy));
}

gboolean
vm_node_thread_call (VmNodeThread *self, VmNodeFunc func, gpointer data,
    GDestroyNotify destroy, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean done;
  Call *call;

  if (vm_node_thread_is_current (self)) {
    func (data);
    if (destroy)
      destroy (data);
    return TRUE;
  }
  call = call_new (func, data, destroy);
  post (self, g_atomic_rc_box_acquire (call));
  g_mutex_lock (&call->lock);
  while (!call->done && g_cond_wait_until (&call->cond, &call->lock, deadline))
    ;
  done = call->done;
  g_mutex_unlock (&call->lock);
  call_unref (call);
  return done;
}
