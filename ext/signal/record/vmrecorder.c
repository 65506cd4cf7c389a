/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "record/vmrecorder.h"
#include "record/vmrecordfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

/* Bytes of meeting, user and id in a file's name, of the 255 it may have. */
#define RECORD_WHO_MAX 220
/* How long a file waits for the second stream before it begins with one. */
#define RECORD_SETTLE_US (2 * G_TIME_SPAN_SECOND)

typedef struct
{
  VmPeerStream stream; /* VM_PEER_N_STREAMS: the file ends */
  GstSample *sample;
  gboolean last; /* no other file follows */
} Item;

struct _VmRecorder
{
  GObject parent;

  gchar *directory, *stem;
  VmRecorderFuncs funcs;
  gpointer user_data;
  GDestroyNotify notify;
  GAsyncQueue *queue;
  gint closed, dropping; /* atomic */

  GMutex lock; /* guards what follows */
  GCond cond;
  gboolean done;
  gboolean held; /* nothing goes into the queue */

  /* the recorder's thread only */
  gboolean failed; /* what is still queued goes nowhere */
  GQueue waiting; /* Items before the file begins */
  gint64 waiting_since;
  VmRecordFile *file;
  guint segment;
};

G_DEFINE_FINAL_TYPE (VmRecorder, vm_recorder, G_TYPE_OBJECT)

static void
item_free (Item *item)
{
  g_clear_pointer (&item->sample, gst_sample_unref);
  g_free (item);
}

static void
vm_recorder_finalize (GObject *object)
{
  VmRecorder *self = VM_RECORDER (object);

  g_free (self->directory);
  g_free (self->stem);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  if (self->notify)
    self->notify (self->user_data);
  G_OBJECT_CLASS (vm_recorder_parent_class)->finalize (object);
}

static void
vm_recorder_class_init (VmRecorderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_recorder_finalize;
}

static void
vm_recorder_init (VmRecorder *self)
{
  self->queue = g_async_queue_new_full ((GDestroyNotify) item_free);
  g_queue_init (&self->waiting);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
}

/* The next file that did not exist yet: it does now, so that nobody else in
 * this folder takes its name. What cannot be made is told by whoever writes
 * it. */
static gchar *
next_location (VmRecorder *self)
{
  for (;;) {
    g_autofree gchar *name =
        self->segment == 0
            ? g_strdup_printf ("%s.mkv", self->stem)
            : g_strdup_printf ("%s-%u.mkv", self->stem, self->segment);
    gchar *path = g_build_filename (self->directory, name, NULL);

    gint fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    gboolean taken = fd < 0 && errno == EEXIST;

    if (fd >= 0)
      close (fd);
    self->segment++;
    if (!taken)
      return path;
    g_free (path);
  }
}

static void
finish_file (VmRecorder *self, const GError *why)
{
  g_autofree gchar *location = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->file)
    return;
  location = g_strdup (vm_record_file_get_location (self->file));
  vm_record_file_close (g_steal_pointer (&self->file), why, &error);
  self->funcs.event (self->user_data, location, FALSE, error);
}

static void
give_up (VmRecorder *self, const gchar *location, const GError *error)
{
  GST_WARNING_OBJECT (self, "recording failed: %s", error->message);
  g_atomic_int_set (&self->closed, TRUE);
  self->failed = TRUE;
  if (self->file)
    finish_file (self, error);
  else
    self->funcs.event (self->user_data, location, FALSE, error);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) item_free);
}

static void
write_item (VmRecorder *self, Item *item)
{
  if (!vm_record_file_write (
          self->file, item->stream, gst_sample_get_buffer (item->sample)))
    self->funcs.need_key_unit (self->user_data, item->stream);
}

static void
flush_waiting (VmRecorder *self)
{
  Item *item;

  while ((item = g_queue_pop_head (&self->waiting))) {
    write_item (self, item);
    item_free (item);
  }
}

/* A file begins once sound and a key frame of a picture are there, or one of
 * them has been alone for RECORD_SETTLE_US. */
static gboolean
ready_to_begin (VmRecorder *self)
{
  gboolean audio = FALSE, video = FALSE;

  if (g_queue_is_empty (&self->waiting))
    return FALSE;
  for (GList *l = self->waiting.head; l; l = l->next) {
    Item *item = l->data;

    audio |= item->stream == VM_PEER_AUDIO;
    video |= item->stream == VM_PEER_VIDEO;
  }
  return (audio && video)
         || g_get_monotonic_time () - self->waiting_since > RECORD_SETTLE_US;
}

/* A file with a track for each stream that is waiting, from the earliest of
 * them on. */
static void
begin_file (VmRecorder *self)
{
  GstCaps *caps[VM_PEER_N_STREAMS] = { NULL };
  GstClockTime base = GST_CLOCK_TIME_NONE; /* greater than any other */
  g_autofree gchar *location = next_location (self);
  g_autoptr (GError) error = NULL;

  for (GList *l = self->waiting.head; l; l = l->next) {
    Item *item = l->data;

    if (!caps[item->stream])
      caps[item->stream] = gst_sample_get_caps (item->sample);
    base = MIN (base, GST_BUFFER_PTS (gst_sample_get_buffer (item->sample)));
  }
  self->file = vm_record_file_new (location, caps, base, &error);
  if (!self->file) {
    g_unlink (location);
    give_up (self, location, error);
    return;
  }
  self->funcs.event (self->user_data, location, TRUE, NULL);
  flush_waiting (self);
}

static gboolean
is_waiting (VmRecorder *self, VmPeerStream stream)
{
  for (GList *l = self->waiting.head; l; l = l->next) {
    if (((Item *) l->data)->stream == stream)
      return TRUE;
  }
  return FALSE;
}

/* Whether a track may begin with it. */
static gboolean
is_key (const Item *item)
{
  return item->stream == VM_PEER_AUDIO
         || !GST_BUFFER_FLAG_IS_SET (
             gst_sample_get_buffer (item->sample), GST_BUFFER_FLAG_DELTA_UNIT);
}

static void
take_item (VmRecorder *self, Item *item)
{
  g_autoptr (GError) error = NULL;
  gboolean fits = self->file
                  && vm_record_file_fits (self->file, item->stream,
                      gst_sample_get_caps (item->sample));

  if (self->failed) {
    item_free (item);
    return;
  }
  if (fits) {
    write_item (self, item);
    item_free (item);
    if (!vm_record_file_check (self->file, &error))
      give_up (self, NULL, error);
    return;
  }
  if (!is_key (item) && !is_waiting (self, item->stream)) {
    self->funcs.need_key_unit (self->user_data, item->stream);
    item_free (item);
    return;
  }
  finish_file (self, NULL);
  if (g_queue_is_empty (&self->waiting))
    self->waiting_since = g_get_monotonic_time ();
  g_queue_push_tail (&self->waiting, item);
}

static void
try_begin (VmRecorder *self, gboolean now)
{
  if (!self->file && !g_queue_is_empty (&self->waiting)
      && (now || ready_to_begin (self)))
    begin_file (self);
}

static gpointer
recorder_thread (gpointer user_data)
{
  g_autoptr (VmRecorder) self = user_data;
  Item *item;
  gboolean ended = FALSE;

  while (!ended) {
    item = g_async_queue_timeout_pop (self->queue, RECORD_SETTLE_US / 8);
    if (item && item->stream == VM_PEER_N_STREAMS) {
      ended = item->last;
      item_free (item);
      try_begin (self, TRUE);
      finish_file (self, NULL);
    } else {
      if (item)
        take_item (self, item);
      try_begin (self, FALSE);
    }
  }
  g_queue_clear_full (&self->waiting, (GDestroyNotify) item_free);

  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return NULL;
}

gchar *
vm_recorder_make_stem (const gchar *meeting, const gchar *user, const gchar *id)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree gchar *time = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree gchar *who =
      g_strdup_printf ("%s-%s-%s", meeting ? meeting : "meeting", user, id);
  g_autoptr (GString) safe = NULL;

  if (strlen (who) > RECORD_WHO_MAX)
    *g_utf8_find_prev_char (who, who + RECORD_WHO_MAX) = '\0';
  /* what a name holds is the sender's choice, what a file is called is not: a
   * dash in front would make it an option of whatever it is given to */
  safe = g_string_new (NULL);
  for (const gchar *p = who; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    gboolean fits = g_unichar_isalnum (c) || g_unichar_ismark (c)
                    || (safe->len && c == '-');

    g_string_append_unichar (safe, fits ? c : '_');
  }
  return g_strdup_printf ("%s-%s", safe->str, time);
}

VmRecorder *
vm_recorder_new (const gchar *directory, const gchar *stem,
    const VmRecorderFuncs *funcs, gpointer user_data, GDestroyNotify notify)
{
  VmRecorder *self = g_object_new (VM_TYPE_RECORDER, NULL);

  self->directory = g_strdup (directory);
  self->stem = g_strdup (stem);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->notify = notify;
  g_thread_unref (
      g_thread_new ("vm-record", recorder_thread, g_object_ref (self)));
  return self;
}

/* FALSE: it is held. */
static gboolean
put (VmRecorder *self, Item *item)
{
  gboolean held;

  g_mutex_lock (&self->lock);
  held = self->held;
  if (!held)
    g_async_queue_push (self->queue, item);
  g_mutex_unlock (&self->lock);
  return !held;
}

void
vm_recorder_push (VmRecorder *self, VmPeerStream stream, GstSample *sample)
{
  Item *item;

  if (g_atomic_int_get (&self->closed)
      || !GST_BUFFER_PTS_IS_VALID (gst_sample_get_buffer (sample)))
    return;
  if (g_async_queue_length (self->queue) >= VM_RECORDER_QUEUE_MAX) {
    if (g_atomic_int_compare_and_exchange (&self->dropping, 0, 1))
      GST_WARNING_OBJECT (self, "the disk is too slow: frames are lost");
    return;
  }
  g_atomic_int_set (&self->dropping, 0);
  item = g_new0 (Item, 1);
  item->stream = stream;
  item->sample = gst_sample_ref (sample);
  if (!put (self, item))
    item_free (item);
}

static void
end_file (VmRecorder *self, gboolean last)
{
  Item *item = g_new0 (Item, 1);

  item->stream = VM_PEER_N_STREAMS;
  item->last = last;
  g_async_queue_push (self->queue, item);
}

void
vm_recorder_hold (VmRecorder *self, gboolean held)
{
  g_mutex_lock (&self->lock);
  self->held = held;
  if (held)
    end_file (self, FALSE);
  g_mutex_unlock (&self->lock);
}

void
vm_recorder_close (VmRecorder *self)
{
  g_atomic_int_set (&self->closed, TRUE);
  end_file (self, TRUE);
}

gboolean
vm_recorder_wait (VmRecorder *self, GstClockTime timeout)
{
  gint64 end = g_get_monotonic_time () + timeout / GST_USECOND;
  gboolean done;

  g_mutex_lock (&self->lock);
  while (!self->done && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  done = self->done;
  g_mutex_unlock (&self->lock);
  return done;
}

void
vm_recorder_abandon (VmRecorder *self)
{
  g_autofree gchar *name = g_strconcat (self->stem, ".mkv", NULL);
  g_autofree gchar *location = g_build_filename (self->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_set_error (&error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The file was not closed in time, and its end may be missing");
  self->funcs.event (self->user_data, location, FALSE, error);
}
