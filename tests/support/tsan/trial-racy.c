/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mistakes that the shim must not hide: each is one step beside a trial that
 * is silent. */

#include "trial.h"

static Shared shared;
static GMutex locks[2];
static GRWLock rw_lock;

static void
with (GThreadFunc func, gpointer data, void (*here) (gpointer), gpointer mine)
{
  GThread *thread = g_thread_new ("trial", func, data);

  here (mine);
  g_thread_join (thread);
}

/* No lock, the wrong lock, too weak a lock */

static gpointer
touch_thread (gpointer data)
{
  touch (data);
  return NULL;
}

static void
touch_here (gpointer data)
{
  touch (data);
}

static void
no_lock (void)
{
  with (touch_thread, &shared, touch_here, &shared);
}

static void
touch_locked (gpointer lock)
{
  g_mutex_lock (lock);
  touch (&shared);
  g_mutex_unlock (lock);
}

static gpointer
touch_locked_thread (gpointer lock)
{
  touch_locked (lock);
  return NULL;
}

static void
two_locks (void)
{
  with (touch_locked_thread, &locks[0], touch_locked, &locks[1]);
}

static void
touch_as_reader (gpointer data)
{
  g_rw_lock_reader_lock (&rw_lock);
  touch (&shared);
  g_rw_lock_reader_unlock (&rw_lock);
}

static gpointer
touch_as_reader_thread (gpointer data)
{
  touch_as_reader (data);
  return NULL;
}

static void
write_as_reader (void)
{
  with (touch_as_reader_thread, NULL, touch_as_reader, NULL);
}

/* Touched after it was handed over, and after the other has touched it: else
 * some later lock of the queue or context might bring it into order. */

static gint gone;

static gpointer
take (gpointer queue)
{
  touch (g_async_queue_pop (queue));
  mark (&gone);
  return NULL;
}

static void
push (gpointer queue)
{
  g_async_queue_push (queue, &shared);
  wait_for (&gone);
  touch (&shared);
}

static void
after_push (void)
{
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();

  with (take, queue, push, queue);
}

static gpointer
run (gpointer loop)
{
  g_main_loop_run (loop);
  return NULL;
}

static gboolean
touch_and_quit (gpointer loop)
{
  touch (&shared);
  mark (&gone);
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
invoke (gpointer loop)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, touch_and_quit, loop, NULL);
  g_source_attach (source, g_main_loop_get_context (loop));
  wait_for (&gone);
  touch (&shared);
}

static void
after_attach (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);

  with (run, loop, invoke, loop);
}

static gpointer
touch_unowned (gpointer thing)
{
  Shared *inside = trial_thing_shared (thing);

  g_object_unref (thing);
  touch (inside);
  mark (&gone);
  return NULL;
}

static void
finalize (gpointer thing)
{
  wait_for (&gone);
  g_object_unref (thing);
}

static void
after_unref (void)
{
  TrialThing *thing = trial_thing_new ();

  with (touch_unowned, g_object_ref (thing), finalize, thing);
}

static gsize made;

static gpointer
make (gpointer data)
{
  if (g_once_init_enter (&made)) {
    g_once_init_leave (&made, (gsize) &shared);
    touch (&shared);
  }
  mark (&gone);
  return NULL;
}

static void
use (gpointer data)
{
  wait_for (&gone);
  if (!g_once_init_enter (&made))
    touch ((Shared *) made);
}

static void
after_once (void)
{
  with (make, NULL, use, NULL);
}

static gpointer
send (gpointer bus)
{
  gst_bus_post (bus, gst_message_new_eos (NULL));
  touch (&shared);
  return NULL;
}

static void
receive (gpointer bus)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, 10 * GST_SECOND);

  touch (&shared);
}

static void
after_post (void)
{
  g_autoptr (GstBus) bus = gst_bus_new ();

  with (send, bus, receive, bus);
}

/* Read before the thread has ended */

static void
look_too_soon (gpointer data)
{
  wait_for (&gone);
  touch (&shared);
}

static gpointer
touch_and_mark (gpointer data)
{
  touch (&shared);
  mark (&gone);
  return NULL;
}

static void
before_join (void)
{
  with (touch_and_mark, NULL, look_too_soon, NULL);
}

/* No race, but two locks in two orders */

static gpointer
lock_both (gpointer data)
{
  guint outer = GPOINTER_TO_UINT (data);

  g_mutex_lock (&locks[outer]);
  g_mutex_lock (&locks[!outer]);
  touch (&shared);
  g_mutex_unlock (&locks[!outer]);
  g_mutex_unlock (&locks[outer]);
  return NULL;
}

static void
lock_order (void)
{
  for (guint outer = 0; outer < 2; outer++)
    g_thread_join (g_thread_new ("trial", lock_both, GUINT_TO_POINTER (outer)));
}

const Trial trials_racy[] = {
  { "no-lock", no_lock },
  { "two-locks", two_locks },
  { "write-as-reader", write_as_reader },
  { "after-push", after_push },
  { "after-attach", after_attach },
  { "after-unref", after_unref },
  { "after-once", after_once },
  { "after-post", after_post },
  { "before-join", before_join },
  { "lock-order", lock_order },
  { NULL, NULL },
};
