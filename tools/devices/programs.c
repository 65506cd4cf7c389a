/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/programs.h"

#include <pulse/pulseaudio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME "videomeet"
#define STREAM "shared sound"

struct _VmtPrograms
{
  VmtProgramsFuncs funcs;
  gpointer user_data;

  pa_threaded_mainloop *loop;
  /* protected by the loop's lock, which its thread has */
  pa_context *context;
  GHashTable *asked; /* id to Asked: whose program is not known yet */
  GHashTable *streams; /* id to pa_stream */
  gboolean late, lost;
};

static void
forget_stream (gpointer data)
{
  pa_stream *stream = data;

  pa_stream_set_read_callback (stream, NULL, NULL);
  pa_stream_set_state_callback (stream, NULL, NULL);
  pa_stream_disconnect (stream);
  pa_stream_unref (stream);
}

static void
end_stream (VmtPrograms *self, guint32 id)
{
  g_hash_table_remove (self->asked, GUINT_TO_POINTER (id));
  if (g_hash_table_remove (self->streams, GUINT_TO_POINTER (id)))
    self->funcs.ended (id, self->user_data);
}

/* A stream of ours */

static void
on_read (pa_stream *stream, size_t size, void *user_data)
{
  VmtPrograms *self = user_data;
  guint32 id = pa_stream_get_monitor_stream (stream);
  const void *data;

  while (pa_stream_readable_size (stream) > 0) {
    if (pa_stream_peek (stream, &data, &size) < 0 || !size)
      return;
    /* NULL: there is a hole, which the mix fills */
    if (data)
      self->funcs.plays (id, data, size, self->user_data);
    pa_stream_drop (stream);
  }
}

/* It ends too when the program goes over to another loudspeaker; the change is
 * told, and it is listened to there. */
static void
on_stream_state (pa_stream *stream, void *user_data)
{
  if (!PA_STREAM_IS_GOOD (pa_stream_get_state (stream)))
    end_stream (user_data, pa_stream_get_monitor_stream (stream));
}

static void
listen_to (VmtPrograms *self, guint32 id)
{
  static const pa_sample_spec spec = { .format = PA_SAMPLE_S16LE,
    .rate = VMT_PROGRAMS_RATE,
    .channels = VMT_PROGRAMS_CHANNELS };
  const pa_buffer_attr attr = { .maxlength = (guint32) -1,
    .fragsize = (guint32) pa_usec_to_bytes (
        VMT_PROGRAMS_PIECE_MS * PA_USEC_PER_MSEC, &spec) };
  pa_stream *stream;

  stream = pa_stream_new (self->context, STREAM, &spec, NULL);
  if (!stream)
    return;
  pa_stream_set_monitor_stream (stream, id);
  pa_stream_set_read_callback (stream, on_read, self);
  pa_stream_set_state_callback (stream, on_stream_state, self);
  g_hash_table_insert (self->streams, GUINT_TO_POINTER (id), stream);
  if (pa_stream_connect_record (
          stream, NULL, &attr, PA_STREAM_DONT_MOVE | PA_STREAM_ADJUST_LATENCY)
      < 0)
    end_stream (self, id);
}

/* Which programs there are */

/* A request for the client that plays the stream @id. */
typedef struct
{
  VmtPrograms *programs;
  guint32 id;
  pa_operation *operation;
} Asked;

static void
forget_asked (gpointer data)
{
  Asked *asked = data;

  pa_operation_cancel (asked->operation);
  pa_operation_unref (asked->operation);
  g_free (asked);
}

static gboolean
is_own (const pa_client_info *info)
{
  const gchar *pid =
      pa_proplist_gets (info->proplist, PA_PROP_APPLICATION_PROCESS_ID);

  return pid && strtoul (pid, NULL, 10) == (gulong) getpid ();
}

static void
on_client (pa_context *context, const pa_client_info *info, int end, void *data)
{
  Asked *asked = data;

  if (end)
    g_hash_table_remove (asked->programs->asked, GUINT_TO_POINTER (asked->id));
  else if (!is_own (info))
    listen_to (asked->programs, asked->id);
}

/* What comes from nobody, or goes on from another node, as through an
 * equalizer, is a program's that is listened to itself. */
static gboolean
is_program (const pa_sink_input_info *info)
{
  return info->client != PA_INVALID_INDEX
         && !pa_proplist_contains (info->proplist, "node.link-group");
}

static void
on_input (
    pa_context *context, const pa_sink_input_info *info, int end, void *data)
{
  VmtPrograms *self = data;
  gpointer key;
  Asked *asked;

  if (end)
    return;
  key = GUINT_TO_POINTER (info->index);
  if (!is_program (info) || g_hash_table_contains (self->streams, key)
      || g_hash_table_contains (self->asked, key))
    return;
  asked = g_new (Asked, 1);
  *asked = (Asked){ self, info->index, NULL };
  asked->operation =
      pa_context_get_client_info (context, info->client, on_client, asked);
  if (asked->operation)
    g_hash_table_insert (self->asked, key, asked);
  else
    g_free (asked);
}

static void
on_event (pa_context *context, pa_subscription_event_type_t type, guint32 id,
    void *data)
{
  pa_operation *operation;

  if ((type & PA_SUBSCRIPTION_EVENT_TYPE_MASK)
      == PA_SUBSCRIPTION_EVENT_REMOVE) {
    end_stream (data, id);
    return;
  }
  operation = pa_context_get_sink_input_info (context, id, on_input, data);
  if (operation)
    pa_operation_unref (operation);
}

static gboolean
begin (VmtPrograms *self)
{
  pa_operation *events, *list;

  pa_context_set_subscribe_callback (self->context, on_event, self);
  events = pa_context_subscribe (
      self->context, PA_SUBSCRIPTION_MASK_SINK_INPUT, NULL, NULL);
  list = pa_context_get_sink_input_info_list (self->context, on_input, self);
  if (events)
    pa_operation_unref (events);
  if (list)
    pa_operation_unref (list);
  return events && list;
}

/* The connection */

static void
on_state (pa_context *context, void *user_data)
{
  VmtPrograms *self = user_data;

  pa_threaded_mainloop_signal (self->loop, 0);
  if (PA_CONTEXT_IS_GOOD (pa_context_get_state (context)) || self->lost)
    return;
  self->lost = TRUE;
  self->funcs.lost ("The sound server has ended.", self->user_data);
}

static void
on_late (pa_mainloop_api *api, pa_time_event *event, const struct timeval *time,
    void *user_data)
{
  VmtPrograms *self = user_data;

  self->late = TRUE;
  pa_threaded_mainloop_signal (self->loop, 0);
}

/* With the lock held. */
static gboolean
connect_now (VmtPrograms *self)
{
  pa_time_event *timer;
  pa_context_state_t state;

  /* what fails from here on is told by the return alone */
  self->lost = TRUE;
  pa_context_set_state_callback (self->context, on_state, self);
  if (pa_context_connect (self->context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL)
      < 0)
    return FALSE;
  timer = pa_context_rttime_new (self->context,
      pa_rtclock_now () + VMT_PROGRAMS_WAIT * PA_USEC_PER_MSEC, on_late, self);
  while (PA_CONTEXT_IS_GOOD (state = pa_context_get_state (self->context))
         && state != PA_CONTEXT_READY && !self->late)
    pa_threaded_mainloop_wait (self->loop);
  if (timer)
    pa_threaded_mainloop_get_api (self->loop)->time_free (timer);
  if (state != PA_CONTEXT_READY || !begin (self))
    return FALSE;
  self->lost = FALSE;
  return TRUE;
}

static gboolean
start (VmtPrograms *self)
{
  gboolean ready;

  self->loop = pa_threaded_mainloop_new ();
  if (!self->loop)
    return FALSE;
  self->context =
      pa_context_new (pa_threaded_mainloop_get_api (self->loop), NAME);
  if (!self->context || pa_threaded_mainloop_start (self->loop) < 0)
    return FALSE;
  pa_threaded_mainloop_set_name (self->loop, "vmt-programs");
  pa_threaded_mainloop_lock (self->loop);
  ready = connect_now (self);
  pa_threaded_mainloop_unlock (self->loop);
  return ready;
}

VmtPrograms *
vmt_programs_new (
    const VmtProgramsFuncs *funcs, gpointer user_data, GError **error)
{
  VmtPrograms *self = g_new0 (VmtPrograms, 1);

  self->funcs = *funcs;
  self->user_data = user_data;
  self->asked = g_hash_table_new_full (NULL, NULL, NULL, forget_asked);
  self->streams = g_hash_table_new_full (NULL, NULL, NULL, forget_stream);
  if (start (self))
    return self;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      self->late ? "The sound server does not answer."
                 : "Neither PulseAudio nor pipewire-pulse runs here.");
  vmt_programs_free (self);
  return NULL;
}

void
vmt_programs_free (VmtPrograms *self)
{
  if (self->loop)
    pa_threaded_mainloop_stop (self->loop);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->streams);
  if (self->context) {
    pa_context_set_state_callback (self->context, NULL, NULL);
    pa_context_set_subscribe_callback (self->context, NULL, NULL);
    pa_context_disconnect (self->context);
    pa_context_unref (self->context);
  }
  if (self->loop)
    pa_threaded_mainloop_free (self->loop);
  g_free (self);
}
