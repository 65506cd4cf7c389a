/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/screensound.h"
#include "devices/programs.h"

#include <gst/app/gstappsrc.h>

#define STR_(x) #x
#define STR(x) STR_ (x)
#define SOUND                                                    \
  "audio/x-raw,rate=" STR (VMT_PROGRAMS_RATE) ",channels=" STR ( \
      VMT_PROGRAMS_CHANNELS) ",channel-mask=(bitmask)0x3"
/* Without a queue nothing would keep what comes while the mix waits. */
#define QUEUE                                                      \
  "queue max-size-buffers=0 max-size-bytes=0 max-size-time=" STR ( \
      VMT_SCREEN_SOUND_QUEUE_MS) "000000 leaky=downstream"
/* Silence keeps the mix going while nobody plays anything. A program that
 * pauses sends nothing, and is not waited for. The mix begins now, and not with
 * the meeting. */
#define MIX                                                                   \
  "audiotestsrc is-live=true wave=silence samplesperbuffer=480 ! " SOUND      \
  " ! " QUEUE " ! audiomixer name=mix ignore-inactive-pads=true "             \
  "start-time-selection=first min-upstream-latency=" STR (                    \
      VMT_SCREEN_SOUND_WAIT_MS) "000000 ! capsfilter name=last caps=\"" SOUND \
                                "\" " QUEUE " name=first ! audioconvert ! "   \
                                "audioresample ! mix."
#define BYTES_PER_MS (VMT_PROGRAMS_RATE / 1000 * VMT_PROGRAMS_CHANNELS * 2)

/* One that plays. */
typedef struct
{
  GstElement *source;
  GstPad *mix; /* request pad */
} Program;

struct _VmtScreenSound
{
  GstBin parent;
  GstElement *inner, *mix; /* of the bin */
  GHashTable *programs; /* id to Program; of the thread that listens */
  VmtPrograms *listening; /* NULL: nobody does */
};

G_DEFINE_FINAL_TYPE (VmtScreenSound, vmt_screen_sound, GST_TYPE_BIN)

static void
program_free (gpointer data)
{
  Program *program = data;

  gst_object_unref (program->source);
  gst_object_unref (program->mix);
  g_free (program);
}

/* What a program plays has the time at which it comes. */
static Program *
add_program (VmtScreenSound *self)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      SOUND ",format=" VMT_PROGRAMS_FORMAT ",layout=interleaved");
  GstElement *source = gst_element_factory_make ("appsrc", NULL);
  g_autoptr (GstPad) src = NULL;
  Program *program;

  if (!source)
    return NULL;
  g_object_set (source, "caps", caps, "format", GST_FORMAT_TIME, "is-live",
      TRUE, "do-timestamp", TRUE, "max-bytes",
      (guint64) VMT_SCREEN_SOUND_QUEUE_MS * BYTES_PER_MS, "leaky-type",
      GST_APP_LEAKY_TYPE_DOWNSTREAM, "min-latency", (gint64) 0, "max-latency",
      (gint64) VMT_SCREEN_SOUND_QUEUE_MS * GST_MSECOND, NULL);
  program = g_new0 (Program, 1);
  program->source = gst_object_ref_sink (source);
  program->mix = gst_element_request_pad_simple (self->mix, "sink_%u");
  gst_bin_add (GST_BIN (self->inner), source);
  src = gst_element_get_static_pad (source, "src");
  gst_pad_link (src, program->mix);
  gst_element_sync_state_with_parent (source);
  return program;
}

void
vmt_screen_sound_take (
    VmtScreenSound *self, guint32 id, gconstpointer data, gsize size)
{
  Program *program =
      g_hash_table_lookup (self->programs, GUINT_TO_POINTER (id));

  if (!program) {
    if (g_hash_table_size (self->programs) >= VMT_SCREEN_SOUND_PROGRAMS_MAX)
      return;
    program = add_program (self);
    if (!program)
      return;
    g_hash_table_insert (self->programs, GUINT_TO_POINTER (id), program);
  }
  gst_app_src_push_buffer (
      GST_APP_SRC (program->source), gst_buffer_new_memdup (data, size));
}

void
vmt_screen_sound_drop (VmtScreenSound *self, guint32 id)
{
  Program *program =
      g_hash_table_lookup (self->programs, GUINT_TO_POINTER (id));

  if (!program)
    return;
  /* lets a thread go that waits in the mix */
  gst_pad_set_active (program->mix, FALSE);
  gst_element_set_locked_state (program->source, TRUE);
  gst_element_set_state (program->source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->inner), program->source);
  gst_element_release_request_pad (self->mix, program->mix);
  g_hash_table_remove (self->programs, GUINT_TO_POINTER (id));
}

/* What listens */

static void
on_plays (guint32 id, gconstpointer data, gsize size, gpointer user_data)
{
  vmt_screen_sound_take (user_data, id, data, size);
}

static void
on_ended (guint32 id, gpointer user_data)
{
  vmt_screen_sound_drop (user_data, id);
}

static void
on_lost (const gchar *why, gpointer user_data)
{
  GstElement *self = user_data;

  gst_element_post_message (
      self, gst_message_new_element (
                GST_OBJECT (self), gst_structure_new ("vmt-screen-sound",
                                       "message", G_TYPE_STRING, why, NULL)));
}

gboolean
vmt_screen_sound_listen (VmtScreenSound *self, GError **error)
{
  static const VmtProgramsFuncs funcs = { on_plays, on_ended, on_lost };

  self->listening = vmt_programs_new (&funcs, self, error);
  return self->listening != NULL;
}

void
vmt_screen_sound_close (VmtScreenSound *self)
{
  g_clear_pointer (&self->listening, vmt_programs_free);
}

static void
vmt_screen_sound_dispose (GObject *object)
{
  VmtScreenSound *self = VMT_SCREEN_SOUND (object);

  vmt_screen_sound_close (self);
  g_clear_pointer (&self->programs, g_hash_table_unref);
  G_OBJECT_CLASS (vmt_screen_sound_parent_class)->dispose (object);
}

static void
vmt_screen_sound_class_init (VmtScreenSoundClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = vmt_screen_sound_dispose;
}

static void
add_ghost (VmtScreenSound *self, const gchar *name, const gchar *element_name)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (self->inner), element_name);
  g_autoptr (GstPad) target = gst_element_get_static_pad (element, name);
  GstPad *ghost = gst_ghost_pad_new (name, target);

  gst_element_add_pad (self->inner, ghost);
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new (name, ghost));
}

static void
vmt_screen_sound_init (VmtScreenSound *self)
{
  self->programs = g_hash_table_new_full (NULL, NULL, NULL, program_free);
}

VmtScreenSound *
vmt_screen_sound_new (GError **error)
{
  GstElement *inner = gst_parse_bin_from_description (MIX, FALSE, error);
  g_autoptr (GstElement) mix = NULL;
  VmtScreenSound *self;

  if (!inner)
    return NULL;
  self = g_object_new (VMT_TYPE_SCREEN_SOUND, NULL);
  mix = gst_bin_get_by_name (GST_BIN (inner), "mix");
  self->inner = inner;
  self->mix = mix; /* as long as inner */
  gst_bin_add (GST_BIN (self), inner);
  add_ghost (self, "src", "last");
  add_ghost (self, "sink", "first");
  return self;
}
