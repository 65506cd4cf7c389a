/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API /* tracers */

#include "peer/vmpeer-priv.h"

#include <gst/gsttracer.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

/* Workers of this process: those that take pipelines down, and the one that
 * prepares. The lock is for these two only. */
static GMutex workers_lock;
static GCond workers_done;
static guint n_workers;
static GSList *finished; /* threads that only have to end */

/* Joining one waits for its last instructions. */
static void
reap (void)
{
  GSList *threads;

  g_mutex_lock (&workers_lock);
  threads = g_steal_pointer (&finished);
  g_mutex_unlock (&workers_lock);
  g_slist_free_full (threads, (GDestroyNotify) g_thread_join);
}

static void
start_worker (const gchar *name, GThreadFunc func, gpointer data)
{
  reap ();
  g_mutex_lock (&workers_lock);
  n_workers++;
  g_mutex_unlock (&workers_lock);
  g_thread_new (name, func, data); /* its reference is reap's */
}

static void
end_worker (void)
{
  g_mutex_lock (&workers_lock);
  finished = g_slist_prepend (finished, g_thread_self ());
  if (--n_workers == 0)
    g_cond_broadcast (&workers_done);
  g_mutex_unlock (&workers_lock);
}

gboolean
vm_peer_join_workers (GstClockTime timeout)
{
  gint64 deadline = g_get_monotonic_time () + timeout / GST_USECOND;
  gboolean done;

  g_mutex_lock (&workers_lock);
  while (
      n_workers && g_cond_wait_until (&workers_done, &workers_lock, deadline))
    ;
  done = n_workers == 0;
  g_mutex_unlock (&workers_lock);
  reap ();
  return done;
}

typedef struct
{
  GstElement *pipeline;
  GstElement *webrtc;
  VmPeerLink *link;
} Closing;

/* That webrtcbin's thread stands still. */
typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  GThread *closer;
  gboolean stands, goes_on;
} Hold;

static void
hold_clear (gpointer data)
{
  Hold *hold = data;

  g_mutex_clear (&hold->lock);
  g_cond_clear (&hold->cond);
}

static void
hold_unref (gpointer hold)
{
  g_atomic_rc_box_release_full (hold, hold_clear);
}

/* In webrtcbin's thread; where it has none any more, in the closer's own. */
static void
stand (GstPromise *promise, gpointer data)
{
  Hold *hold = data;

  g_mutex_lock (&hold->lock);
  hold->stands = TRUE;
  g_cond_broadcast (&hold->cond);
  while (!hold->goes_on && g_thread_self () != hold->closer)
    g_cond_wait (&hold->cond, &hold->lock);
  g_mutex_unlock (&hold->lock);
}

/* Until webrtcbin's thread has done what it was asked before, and then it does
 * nothing. The question is one it answers with an error at once. */
static Hold *
hold_tasks (GstElement *webrtc)
{
  Hold *hold = g_atomic_rc_box_new0 (Hold);
  GstPromise *promise = gst_promise_new_with_change_func (
      stand, g_atomic_rc_box_acquire (hold), hold_unref);

  g_mutex_init (&hold->lock);
  g_cond_init (&hold->cond);
  hold->closer = g_thread_self ();
  g_signal_emit_by_name (webrtc, "create-answer", NULL, promise);
  g_mutex_lock (&hold->lock);
  while (!hold->stands)
    g_cond_wait (&hold->cond, &hold->lock);
  g_mutex_unlock (&hold->lock);
  gst_promise_unref (promise);
  return hold;
}

static void
let_tasks_go (Hold *hold)
{
  g_mutex_lock (&hold->lock);
  hold->goes_on = TRUE;
  g_cond_broadcast (&hold->cond);
  g_mutex_unlock (&hold->lock);
  hold_unref (hold);
}

/* webrtcbin 1.22.0 closes a data channel that has failed on the way down in its
 * own thread, by way of the SCTP association, which the SCTP elements give up
 * without a lock when they go to READY. Afterwards it finds the channel without
 * a pad. */
static void
take_down (const Closing *closing)
{
  Hold *hold;

  if (g_atomic_int_get (&closing->link->lingers))
    g_usleep (VM_PEER_LINGER_MS * G_TIME_SPAN_MILLISECOND);
  vm_peer_send_drain (closing->link);
  vm_peer_dtls_quiesce (closing->pipeline, closing->link);
  hold = hold_tasks (closing->webrtc);
  gst_element_set_state (closing->pipeline, GST_STATE_READY);
  let_tasks_go (hold);
}

/* A peer has a dozen threads, and glibc's allocator keeps what they freed in
 * their own arenas: after a hundred joins and leaves as much again as the whole
 * process needs. */
static void
give_back_memory (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}

static gpointer
close_main (gpointer data)
{
  Closing *closing = data;

  if (GST_STATE (closing->pipeline) > GST_STATE_READY)
    take_down (closing);
  vm_peer_turn_release (closing->webrtc);
  gst_element_set_state (closing->pipeline, GST_STATE_NULL);
  gst_object_unref (closing->webrtc);
  gst_object_unref (closing->pipeline);
  vm_peer_link_unref (closing->link);
  g_free (closing);
  give_back_memory ();
  end_worker ();
  return NULL;
}

/* Takes @pipeline. */
void
vm_peer_worker_close (
    GstElement *pipeline, GstElement *webrtc, VmPeerLink *link)
{
  Closing *closing = g_new (Closing, 1);

  closing->pipeline = pipeline;
  closing->webrtc = gst_object_ref (webrtc);
  closing->link = vm_peer_link_ref (link);
  start_worker ("vm-peer-close", close_main, closing);
}

/* GStreamer makes one RSA certificate a process, with the first dtlsdec, and
 * keeps it: 130 to 550 ms that the first call would wait for. */
static gpointer
prepare_main (gpointer data)
{
  GstElement *dtlsdec = gst_element_factory_make ("dtlsdec", NULL);

  if (dtlsdec)
    gst_object_unref (gst_object_ref_sink (dtlsdec));
  end_worker ();
  return NULL;
}

static void
on_object_created (GObject *tracer, GstClockTime time, GstObject *object)
{
  if (g_str_equal (G_OBJECT_TYPE_NAME (object), "GstDtlsAgent"))
    GST_OBJECT_FLAG_SET (object, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

/* That certificate is kept in the process's first agent, which GStreamer
 * 1.22.0 does not say to who looks for leaks. */
static void
explain_agent (void)
{
  GList *tracers = gst_tracing_get_active_tracers ();

  if (tracers)
    gst_tracing_register_hook (
        tracers->data, "object-created", G_CALLBACK (on_object_created));
  g_list_free_full (tracers, gst_object_unref);
}

void
vm_peer_prepare (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    explain_agent ();
    start_worker ("vm-peer-prepare", prepare_main, NULL);
    g_once_init_leave (&once, 1);
  }
}
