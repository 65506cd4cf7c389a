/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GLib and GStreamer order by atomic operations alone: things made once,
 * the end of a main loop, reference counts, the bus. The rest of them orders
 * by a lock (GAsyncQueue, GMainContext, GThreadPool, GTask, signals), by
 * pthread (GThread) or by a descriptor (wake-ups), which is told already. */

#include "shim.h"

/* Made once. The reader's half is inline in the header, hence compiled for
 * TSan with the program; only the writer's half is GLib's. */

#undef g_once_init_leave

void
g_once_init_leave (volatile void *location, gsize result)
{
  shim_release ((gconstpointer) location);
  REAL (g_once_init_leave) (location, result);
}

/* A class is written by its first user; the next finds it by an atomic load. */
gpointer
g_type_class_ref (GType type)
{
  gboolean known = g_type_class_peek (type) != NULL;
  gpointer class = REAL (g_type_class_ref) (type);

  if (!known)
    shim_release (class);
  shim_acquire (class);
  return class;
}

/* From 2.84 on GLib makes objects by this one, which no older header has. */
gpointer g_type_class_get (GType type);

gpointer
g_type_class_get (GType type)
{
  static gpointer slot;
  gpointer (*real) (GType) = shim_lookup (&slot, "g_type_class_get");
  gboolean known = g_type_class_peek (type) != NULL;
  gpointer class = real (type);

  if (!known)
    shim_release (class);
  shim_acquire (class);
  return class;
}

/* A main loop sees that it is to end before it takes the context's lock. */

void
g_main_loop_quit (GMainLoop *loop)
{
  shim_release (loop);
  REAL (g_main_loop_quit) (loop);
}

void
g_main_loop_run (GMainLoop *loop)
{
  REAL (g_main_loop_run) (loop);
  shim_acquire (loop);
}

gboolean
g_main_loop_is_running (GMainLoop *loop)
{
  gboolean running = REAL (g_main_loop_is_running) (loop);

  if (!running)
    shim_acquire (loop);
  return running;
}

void
g_cancellable_cancel (GCancellable *cancellable)
{
  shim_release (cancellable);
  REAL (g_cancellable_cancel) (cancellable);
}

gboolean
g_cancellable_is_cancelled (GCancellable *cancellable)
{
  gboolean cancelled = REAL (g_cancellable_is_cancelled) (cancellable);

  if (cancelled)
    shim_acquire (cancellable);
  return cancelled;
}

/* What a source calls is held by who dispatches it, and given up without a
 * lock: who destroys the source meanwhile may be the last, and frees what it
 * works on. GLib's own count of that is static; this is the same, told. */

typedef struct
{
  gint refs;
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static void
callback_ref (gpointer data)
{
  __atomic_add_fetch (&((Callback *) data)->refs, 1, __ATOMIC_RELAXED);
}

static void
callback_unref (gpointer data)
{
  Callback *callback = data;

  shim_release (callback);
  if (__atomic_sub_fetch (&callback->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  shim_acquire (callback);
  if (callback->notify)
    callback->notify (callback->data);
  g_free (callback);
}

static void
callback_get (
    gpointer data, GSource *source, GSourceFunc *func, gpointer *user_data)
{
  const Callback *callback = data;

  *func = callback->func;
  *user_data = callback->data;
}

void
g_source_set_callback (
    GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  static GSourceCallbackFuncs funcs = { callback_ref, callback_unref,
    callback_get };
  Callback *callback = g_new (Callback, 1);

  *callback = (Callback){ 1, func, data, notify };
  REAL (g_source_set_callback_indirect) (source, callback, &funcs);
}

/* The last reference comes after what others did before they gave up theirs:
 * a decrement is one atomic operation, and TSan takes such for both halves. */

#define UNREF(function, Type)  \
  void function (Type *object) \
  {                            \
    shim_release (object);     \
    shim_acquire (object);     \
    REAL (function) (object);  \
  }

UNREF (g_array_unref, GArray)
UNREF (g_async_queue_unref, GAsyncQueue)
UNREF (g_bytes_unref, GBytes)
UNREF (g_closure_unref, GClosure)
UNREF (g_date_time_unref, GDateTime)
UNREF (g_hash_table_unref, GHashTable)
UNREF (g_main_context_unref, GMainContext)
UNREF (g_main_loop_unref, GMainLoop)
UNREF (g_param_spec_unref, GParamSpec)
UNREF (g_ptr_array_unref, GPtrArray)
UNREF (g_source_unref, GSource)
UNREF (g_thread_unref, GThread)
UNREF (g_variant_unref, GVariant)

/* Before the decrement itself another thread may give up its reference, and
 * this one be the last after all. GObject asks for an object's weak locations
 * once it has seen that, before it disposes of it: there the others' are
 * taken. */
static _Thread_local GObject *unreffed;

void
g_object_unref (gpointer object)
{
  GObject *outer = unreffed;

  shim_release (object);
  shim_acquire (object);
  unreffed = object;
  REAL (g_object_unref) (object);
  unreffed = outer;
}

gpointer
g_datalist_id_get_data (GData **datalist, GQuark id)
{
  if (unreffed && datalist == &unreffed->qdata)
    shim_acquire (unreffed);
  return REAL (g_datalist_id_get_data) (datalist, id);
}

#undef g_atomic_ref_count_dec

gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  shim_release ((gconstpointer) count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    shim_acquire ((gconstpointer) count);
  return last;
}

void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear)
{
  shim_release (block);
  shim_acquire (block);
  REAL (g_atomic_rc_box_release_full) (block, clear);
}

/* The last to give it back frees it. */
void
g_ref_string_release (char *string)
{
  shim_release (string);
  shim_acquire (string);
  REAL (g_ref_string_release) (string);
}

/* A bus is a queue without locks, and what takes a message from it is often not
 * the last to hold it: the sender may free it. GStreamer cannot be linked anew
 * as GLib can, so the reader's end is told at the message's source, which is
 * the first that GStreamer gives up, by g_object_unref(), when it frees one. */

static void
message_done (GstMessage *message)
{
  shim_release (GST_MESSAGE_SRC (message));
}

void
gst_mini_object_unref (GstMiniObject *object)
{
  if (GST_MINI_OBJECT_TYPE (object) == GST_TYPE_MESSAGE)
    message_done ((GstMessage *) object);
  shim_release (object);
  shim_acquire (object);
  REAL (gst_mini_object_unref) (object);
}

gboolean
gst_bus_post (GstBus *bus, GstMessage *message)
{
  shim_release (bus);
  return REAL (gst_bus_post) (bus, message);
}

GstMessage *
gst_bus_pop (GstBus *bus)
{
  GstMessage *message = REAL (gst_bus_pop) (bus);

  shim_acquire (bus);
  return message;
}

GstMessage *
gst_bus_timed_pop (GstBus *bus, GstClockTime timeout)
{
  GstMessage *message = REAL (gst_bus_timed_pop) (bus, timeout);

  shim_acquire (bus);
  return message;
}

GstMessage *
gst_bus_timed_pop_filtered (
    GstBus *bus, GstClockTime timeout, GstMessageType types)
{
  GstMessage *message = REAL (gst_bus_timed_pop_filtered) (bus, timeout, types);

  shim_acquire (bus);
  return message;
}

typedef struct
{
  GstBusFunc func;
  gpointer data;
  GDestroyNotify notify;
} Watch;

static gboolean
watch_call (GstBus *bus, GstMessage *message, gpointer data)
{
  Watch *watch = data;
  gboolean keep;

  shim_acquire (bus);
  keep = watch->func (bus, message, watch->data);
  message_done (message);
  return keep;
}

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  if (watch->notify)
    watch->notify (watch->data);
  g_free (watch);
}

guint
gst_bus_add_watch_full (GstBus *bus, gint priority, GstBusFunc func,
    gpointer data, GDestroyNotify notify)
{
  Watch *watch = g_new (Watch, 1);

  *watch = (Watch){ func, data, notify };
  return REAL (gst_bus_add_watch_full) (
      bus, priority, watch_call, watch, watch_free);
}

guint
gst_bus_add_watch (GstBus *bus, GstBusFunc func, gpointer data)
{
  return gst_bus_add_watch_full (bus, G_PRIORITY_DEFAULT, func, data, NULL);
}
