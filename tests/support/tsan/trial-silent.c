/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every way in which this project hands something from thread to thread. Each
 * is correct; without the shim TSan reports most of them. */

#include <dirent.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "trial.h"

#define ROUNDS 100
#define THREADS 4

/* Runs the function in some threads at once and waits for them. */
static void
in_threads (GThreadFunc func, gpointer data)
{
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("trial", func, data);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
}

/* A lock of each kind around the same value. The static ones are never
 * initialised, so that they come into being at first use, in any thread. */

static Shared guarded;
static GMutex mutex;
static GRecMutex rec_mutex;
static GRWLock rw_lock;
static gint bits;
static gpointer pointer_bits;

#define GUARDED(name, lock, unlock)             \
  static gpointer name##_thread (gpointer data) \
  {                                             \
    for (guint i = 0; i < ROUNDS; i++) {        \
      lock;                                     \
      touch (&guarded);                         \
      unlock;                                   \
    }                                           \
    return NULL;                                \
  }                                             \
                                                \
  static void name (void)                       \
  {                                             \
    in_threads (name##_thread, NULL);           \
  }

static void
lock_by_trying (void)
{
  while (!g_mutex_trylock (&mutex))
    g_thread_yield ();
}

static void
lock_twice (void)
{
  g_rec_mutex_lock (&rec_mutex);
  g_rec_mutex_lock (&rec_mutex);
}

static void
unlock_twice (void)
{
  g_rec_mutex_unlock (&rec_mutex);
  g_rec_mutex_unlock (&rec_mutex);
}

GUARDED (by_mutex, g_mutex_lock (&mutex), g_mutex_unlock (&mutex))
GUARDED (by_trylock, lock_by_trying (), g_mutex_unlock (&mutex))
GUARDED (by_rec_mutex, lock_twice (), unlock_twice ())
GUARDED (by_writer, g_rw_lock_writer_lock (&rw_lock),
    g_rw_lock_writer_unlock (&rw_lock))
GUARDED (by_bit, g_bit_lock (&bits, 3), g_bit_unlock (&bits, 3))
GUARDED (by_pointer_bit, g_pointer_bit_lock (&pointer_bits, 0),
    g_pointer_bit_unlock (&pointer_bits, 0))

static gpointer
read_and_write (gpointer data)
{
  for (guint i = 0; i < ROUNDS; i++) {
    g_rw_lock_reader_lock (&rw_lock);
    look (&guarded);
    g_rw_lock_reader_unlock (&rw_lock);
    g_rw_lock_writer_lock (&rw_lock);
    touch (&guarded);
    g_rw_lock_writer_unlock (&rw_lock);
  }
  return NULL;
}

static void
by_reader (void)
{
  in_threads (read_and_write, NULL);
}

/* A condition */

typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean ready;
  Shared shared;
} Box;

static gpointer
fill (gpointer data)
{
  Box *box = data;

  touch (&box->shared);
  g_mutex_lock (&box->lock);
  box->ready = TRUE;
  g_cond_signal (&box->cond);
  g_mutex_unlock (&box->lock);
  return NULL;
}

static void
by_cond (void)
{
  Box *box = g_new0 (Box, 1);
  GThread *thread;

  g_mutex_init (&box->lock);
  g_cond_init (&box->cond);
  thread = g_thread_new ("trial", fill, box);
  g_mutex_lock (&box->lock);
  while (!box->ready)
    if (!g_cond_wait_until (&box->cond, &box->lock,
            g_get_monotonic_time () + 10 * G_USEC_PER_SEC))
      break;
  g_mutex_unlock (&box->lock);
  touch (&box->shared);
  g_thread_join (thread);
  g_cond_clear (&box->cond);
  g_mutex_clear (&box->lock);
  g_free (box);
}

/* Queues, pools and tasks */

static gpointer
take (gpointer data)
{
  GAsyncQueue *queue = data;

  for (guint i = 0; i < ROUNDS; i++) {
    Shared *shared = g_async_queue_pop (queue);

    touch (shared);
    g_free (shared);
  }
  g_async_queue_unref (queue);
  return NULL;
}

static void
by_async_queue (void)
{
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("trial", take, g_async_queue_ref (queue));

  for (guint i = 0; i < ROUNDS; i++) {
    Shared *shared = g_new0 (Shared, 1);

    touch (shared);
    g_async_queue_push (queue, shared);
  }
  g_async_queue_unref (queue);
  g_thread_join (thread);
}

static void
work (gpointer data, gpointer user_data)
{
  touch (data);
}

static void
by_thread_pool (void)
{
  GThreadPool *pool = g_thread_pool_new (work, NULL, THREADS, FALSE, NULL);
  Shared shared[ROUNDS] = { 0 };

  for (guint i = 0; i < ROUNDS; i++) {
    touch (&shared[i]);
    g_thread_pool_push (pool, &shared[i], NULL);
  }
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < ROUNDS; i++)
    touch (&shared[i]);
}

static void
task_work (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  touch (data);
  g_task_return_boolean (task, TRUE);
}

static void
task_done (GObject *source, GAsyncResult *result, gpointer loop)
{
  touch (g_task_get_task_data (G_TASK (result)));
  g_main_loop_quit (loop);
}

static void
by_task (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, task_done, loop);
  Shared *shared = g_new0 (Shared, 1);

  touch (shared);
  g_task_set_task_data (task, shared, g_free);
  g_task_run_in_thread (task, task_work);
  g_main_loop_run (loop);
}

/* A thread with a main context of its own */

typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
} Loop;

static gpointer
loop_run (gpointer data)
{
  Loop *loop = data;

  g_main_context_push_thread_default (loop->context);
  g_main_loop_run (loop->loop);
  g_main_context_pop_thread_default (loop->context);
  return NULL;
}

static Loop *
loop_start (void)
{
  Loop *loop = g_new0 (Loop, 1);

  loop->context = g_main_context_new ();
  loop->loop = g_main_loop_new (loop->context, FALSE);
  loop->thread = g_thread_new ("trial", loop_run, loop);
  return loop;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
loop_end (Loop *loop)
{
  g_main_context_invoke_full (
      loop->context, G_PRIORITY_LOW, quit, loop->loop, NULL);
  g_thread_join (loop->thread);
  g_main_loop_unref (loop->loop);
  g_main_context_unref (loop->context);
  g_free (loop);
}

static gboolean
touch_it (gpointer data)
{
  touch (data);
  return G_SOURCE_REMOVE;
}

static void
touch_and_free (gpointer data)
{
  touch (data);
  g_free (data);
}

static void
by_invoke (void)
{
  Loop *loop = loop_start ();

  for (guint i = 0; i < ROUNDS; i++) {
    Shared *shared = g_new0 (Shared, 1);

    touch (shared);
    g_main_context_invoke_full (
        loop->context, G_PRIORITY_DEFAULT, touch_it, shared, touch_and_free);
  }
  loop_end (loop);
}

static void
by_source (void)
{
  Loop *loop = loop_start ();

  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr (GSource) source = g_timeout_source_new (i % 3);
    Shared *shared = g_new0 (Shared, 1);

    g_source_set_callback (source, touch_it, shared, touch_and_free);
    touch (shared);
    g_source_attach (source, loop->context);
    if (i % 2)
      g_source_destroy (source);
  }
  loop_end (loop);
}

static gpointer
quit_thread (gpointer data)
{
  touch (&guarded);
  g_main_loop_quit (data);
  return NULL;
}

static void
by_quit (void)
{
  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, TRUE);
    GThread *thread = g_thread_new ("trial", quit_thread, loop);

    while (g_main_loop_is_running (loop))
      g_main_context_iteration (NULL, FALSE);
    touch (&guarded);
    g_thread_join (thread);
  }
}

/* Things made once */

static Shared *
singleton (void)
{
  static gsize made;

  if (g_once_init_enter (&made)) {
    Shared *shared = g_new0 (Shared, 1);

    touch (shared);
    g_once_init_leave (&made, (gsize) shared);
  }
  return (Shared *) made;
}

static gpointer
use_singleton (gpointer data)
{
  look (singleton ());
  return NULL;
}

static void
by_once (void)
{
  in_threads (use_singleton, NULL);
}

static gpointer
make_things (gpointer data)
{
  for (guint i = 0; i < ROUNDS; i++)
    g_object_unref (trial_thing_new ());
  return NULL;
}

static void
by_class (void)
{
  in_threads (make_things, NULL);
}

/* References: each thread reads and lets go, the last one finalizes */

static gpointer
let_go (gpointer data)
{
  look (trial_thing_shared (data));
  g_object_unref (data);
  return NULL;
}

static void
by_object_unref (void)
{
  for (guint i = 0; i < ROUNDS / 10; i++) {
    TrialThing *thing = trial_thing_new ();
    GThread *threads[THREADS];

    for (guint j = 0; j < THREADS; j++)
      threads[j] = g_thread_new ("trial", let_go, g_object_ref (thing));
    g_object_unref (thing);
    for (guint j = 0; j < THREADS; j++)
      g_thread_join (threads[j]);
  }
}

/* Two let go at the same moment, over and over. */

#define MOMENTS 4000

typedef struct
{
  TrialThing *things[MOMENTS];
  gint arrived;
} Moments;

static gpointer
let_go_together (gpointer data)
{
  Moments *moments = data;

  for (gint i = 0; i < MOMENTS; i++) {
    gint64 deadline = g_get_monotonic_time () + G_USEC_PER_SEC / 1000;

    /* no order of memory, as wait_for(); whoever waits alone goes on */
    __atomic_fetch_add (&moments->arrived, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n (&moments->arrived, __ATOMIC_RELAXED) < 2 * i + 2
           && g_get_monotonic_time () < deadline)
      continue;
    let_go (moments->things[i]);
  }
  return NULL;
}

static void
by_object_unref_together (void)
{
  Moments *moments = g_new0 (Moments, 1);
  GThread *threads[2];

  for (guint i = 0; i < MOMENTS; i++)
    moments->things[i] = g_object_ref (trial_thing_new ());
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("trial", let_go_together, moments);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_free (moments);
}

/* As above, but it is GObject itself that drops what may be the last one. */
static gpointer
let_go_of_value (gpointer data)
{
  GValue value = G_VALUE_INIT;

  look (trial_thing_shared (data));
  g_value_init (&value, TRIAL_TYPE_THING);
  g_value_take_object (&value, data);
  g_value_unset (&value);
  return NULL;
}

static void
by_value_unset (void)
{
  for (guint i = 0; i < ROUNDS / 10; i++) {
    TrialThing *thing = trial_thing_new ();
    GThread *threads[THREADS];

    for (guint j = 0; j < THREADS; j++)
      threads[j] =
          g_thread_new ("trial", let_go_of_value, g_object_ref (thing));
    g_object_unref (thing);
    for (guint j = 0; j < THREADS; j++)
      g_thread_join (threads[j]);
  }
}

static gpointer
read_bytes (gpointer data)
{
  look (g_bytes_get_data (data, NULL));
  g_bytes_unref (data);
  return NULL;
}

static void
by_bytes_unref (void)
{
  Shared *shared = g_new0 (Shared, 1);
  GBytes *bytes = g_bytes_new_with_free_func (
      shared, sizeof *shared, touch_and_free, shared);
  GThread *threads[THREADS];

  for (guint j = 0; j < THREADS; j++)
    threads[j] = g_thread_new ("trial", read_bytes, g_bytes_ref (bytes));
  g_bytes_unref (bytes);
  for (guint j = 0; j < THREADS; j++)
    g_thread_join (threads[j]);
}

/* Signals and cancellation */

static void
on_made (TrialThing *thing, gpointer data)
{
  look (data);
}

static gpointer
emit (gpointer thing)
{
  for (guint i = 0; i < ROUNDS; i++)
    g_signal_emit_by_name (thing, "made");
  return NULL;
}

static void
forget (gpointer data, GClosure *closure)
{
  touch_and_free (data);
}

static void
by_signal (void)
{
  g_autoptr (TrialThing) thing = trial_thing_new ();
  GThread *thread = g_thread_new ("trial", emit, thing);

  for (guint i = 0; i < ROUNDS; i++) {
    Shared *shared = g_new0 (Shared, 1);
    gulong handler;

    touch (shared);
    handler = g_signal_connect_data (
        thing, "made", G_CALLBACK (on_made), shared, forget, 0);
    g_thread_yield ();
    g_signal_handler_disconnect (thing, handler);
  }
  g_thread_join (thread);
}

static gpointer
cancel (gpointer cancellable)
{
  touch (&guarded);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
by_cancellable (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("trial", cancel, cancellable);

  while (!g_cancellable_is_cancelled (cancellable))
    g_thread_yield ();
  touch (&guarded);
  g_thread_join (thread);
}

/* The bus, with a sender that may be the last to hold a message */

static void
post (GstBus *bus, GstObject *source)
{
  Shared *shared = g_new0 (Shared, 1);
  GstMessage *message;

  touch (shared);
  message = gst_message_new_application (source,
      gst_structure_new ("trial", "shared", G_TYPE_POINTER, shared, NULL));
  gst_bus_post (bus, gst_message_ref (message));
  gst_message_unref (message);
}

static gpointer
post_thread (gpointer data)
{
  g_autoptr (GstObject) source = gst_object_ref_sink (gst_bus_new ());

  for (guint i = 0; i < ROUNDS; i++)
    post (data, source);
  return NULL;
}

static void
receive (GstMessage *message)
{
  gpointer shared = NULL;

  gst_structure_get (gst_message_get_structure (message), "shared",
      G_TYPE_POINTER, &shared, NULL);
  touch_and_free (shared);
}

static void
by_bus (void)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  GThread *thread = g_thread_new ("trial", post_thread, bus);

  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, 10 * GST_SECOND);

    receive (message);
  }
  g_thread_join (thread);
}

static guint received;

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer loop)
{
  receive (message);
  if (++received == ROUNDS)
    g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static void
by_bus_watch (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GstBus) bus = gst_bus_new ();
  GThread *thread;

  gst_bus_add_watch (bus, on_message, loop);
  thread = g_thread_new ("trial", post_thread, bus);
  g_main_loop_run (loop);
  g_thread_join (thread);
  gst_bus_remove_watch (bus);
}

/* A number that one thread has given back, and another is given: as libuv does
 * the one and this project's stores the other. */

typedef struct
{
  gint descriptor;
  gint closed;
} Descriptor;

static gpointer
close_thread (gpointer data)
{
  Descriptor *d = data;
  gint fd = epoll_create1 (EPOLL_CLOEXEC);

  __atomic_store_n (&d->descriptor, fd, __ATOMIC_RELAXED);
  syscall (SYS_close, fd);
  mark (&d->closed);
  return NULL;
}

static void
by_number (void)
{
  Descriptor d = { -1, 0 };
  GThread *thread = g_thread_new ("trial", close_thread, &d);
  gint fd;
  DIR *dir;

  wait_for (&d.closed);
  fd = openat (AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd != __atomic_load_n (&d.descriptor, __ATOMIC_RELAXED))
    abort ();
  dir = fdopendir (fd);
  if (!dir || closedir (dir) != 0)
    abort ();
  g_thread_join (thread);
}

const Trial trials_silent[] = {
  { "mutex", by_mutex },
  { "mutex-trylock", by_trylock },
  { "rec-mutex", by_rec_mutex },
  { "rw-lock-writer", by_writer },
  { "rw-lock-reader", by_reader },
  { "bit-lock", by_bit },
  { "pointer-bit-lock", by_pointer_bit },
  { "cond", by_cond },
  { "async-queue", by_async_queue },
  { "thread-pool", by_thread_pool },
  { "task", by_task },
  { "invoke", by_invoke },
  { "source", by_source },
  { "main-loop-quit", by_quit },
  { "once", by_once },
  { "class", by_class },
  { "object-unref", by_object_unref },
  { "object-unref-together", by_object_unref_together },
  { "value-unset", by_value_unset },
  { "bytes-unref", by_bytes_unref },
  { "signal", by_signal },
  { "cancellable", by_cancellable },
  { "bus", by_bus },
  { "bus-watch", by_bus_watch },
  { "descriptor", by_number },
  { NULL, NULL },
};
