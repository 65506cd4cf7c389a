/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is sent, and what is shared beside it: at the beginning, and another one
 * in between. */

#include "session/session-priv.h"
#include "devices/pipewire.h"
#include "devices/rtspaddress.h"

/* What another source is made of, on a thread of its own: to look into a file,
 * or to open a device, may take seconds. */
struct _VmtSourceJob
{
  VmtSession *session; /* of the main thread; NULL: it is over */
  VmtSent which;
  gchar *spec, *camera, *microphone, *token_file;
  gboolean audio_only;
  VmtSourceChoice choice;
  VmtSource *source;
  GError *error;
};

/* Of one source: counts those of its streams that have not come to their end.
 * The probes of its pads have it. */
struct _VmtSourceEnd
{
  VmtSession *session; /* of the main thread; NULL: it is of no interest */
  gint left; /* atomic */
  gint past; /* atomic: nothing is taken from it any more */
  gboolean drops; /* the end is the session's business alone */
};

static void
job_free (gpointer data)
{
  VmtSourceJob *job = data;

  g_free (job->spec);
  g_free (job->camera);
  g_free (job->microphone);
  g_free (job->token_file);
  g_clear_pointer (&job->choice.devices, vmt_devices_unref);
  g_clear_pointer (&job->source, vmt_source_free);
  g_clear_error (&job->error);
  g_free (job);
}

/* The end of what is sent */

/* Whether its sound is among what is sent. */
static gboolean
has_screen_sound (VmtSession *self, VmtSent which)
{
  const VmtSource *source = self->sent[which].source;

  return source && source->sound && source->sound == self->screen_sound;
}

static void
tell (VmtSession *self, VmtSent which, const gchar *spec)
{
  JsonObject *event =
      vmt_event_new (which == VMT_SENT_SHARED ? "shared" : "source");

  vmt_event_add_string (event, "source", spec);
  if (has_screen_sound (self, which))
    json_object_set_boolean_member (event, "screenSound", TRUE);
  vmt_output_event (self->output, event);
}

static GstPadProbeReturn
on_left (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

static void
take_out (GstElement *bin, gpointer user_data)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (bin));

  gst_element_set_locked_state (bin, TRUE);
  vmt_pipewire_end (bin);
  gst_element_set_state (bin, GST_STATE_NULL);
  if (parent)
    gst_bin_remove (GST_BIN (parent), bin);
}

/* What it still gives leads nowhere, which is no error. A driver that stops may
 * take its time. */
static void
take_leave (GstElement *bin)
{
  static const gchar *const names[] = { "video", "audio" };

  g_object_set_data (G_OBJECT (bin), VMT_LEFT, bin);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (bin, names[i]);

    if (pad)
      gst_pad_add_probe (
          pad, GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM, on_left, NULL, NULL);
  }
}

static void
clear (VmtSending *sent)
{
  g_clear_pointer (&sent->source, vmt_source_free);
  g_clear_pointer (&sent->spec, g_free);
  if (sent->end) {
    g_atomic_int_set (&sent->end->past, TRUE);
    sent->end->session = NULL;
  }
  g_clear_pointer (&sent->end, g_atomic_rc_box_release);
}

static void
detach (VmtSession *self, VmtSent which)
{
  static const gchar *const names[] = { "video", "audio" };
  VmtSending *sent = &self->sent[which];
  GstElement *bin;

  if (!sent->source)
    return;
  bin = sent->source->bin;
  g_atomic_int_set (&sent->end->past, TRUE);
  if (sent->source->sound && sent->source->sound == self->screen_sound)
    vmt_session_mix_out (self);
  vmt_session_devices_leave_source (self, which);
  take_leave (bin);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (bin, names[i]);

    if (pad)
      vmt_session_release_input (self, pad);
  }
  /* its probe of what is played is for one at a time */
  if (sent->voice) {
    g_autoptr (GstPad) src = gst_element_get_static_pad (sent->voice, "src");

    vmt_session_release_input (self, src);
    gst_element_set_locked_state (sent->voice, TRUE);
    gst_element_set_state (sent->voice, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self->pipeline), sent->voice);
    sent->voice = NULL;
  }
  gst_element_call_async (bin, take_out, NULL, NULL);
  clear (sent);
}

/* What came in between is over, and the meeting goes on. */
static void
tell_over (VmtSession *self, VmtSent which, const gchar *why)
{
  g_autofree gchar *spec = vmt_text_safe (self->sent[which].spec);
  gboolean shared = which == VMT_SENT_SHARED;
  g_autofree gchar *text = NULL;

  detach (self, which);
  tell (self, which, NULL);
  if (why) {
    text = g_strdup_printf (
        "“%s” is no longer %s: %s", spec, shared ? "shared" : "sent", why);
    vmt_output_warning (self->output, NULL, text);
  } else
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "“%s” has come to its end; /%s something else.", spec,
        shared ? "share" : "source");
}

void
vmt_session_share_ended (VmtSession *self, const gchar *why)
{
  tell_over (self, VMT_SENT_SHARED, why);
}

static gboolean
on_over (gpointer user_data)
{
  VmtSourceEnd *end = user_data;
  VmtSession *self = end->session;

  for (guint i = 0; self && i < VMT_N_SENT && !self->leaving; i++) {
    if (self->sent[i].end != end)
      continue;
    if (self->sent[i].later) {
      tell_over (self, i, NULL);
      break;
    }
    vmt_output_line (
        self->output, VMT_STYLE_PLAIN, "What was sent has come to its end.");
    vmt_session_leave (self);
  }
  return G_SOURCE_REMOVE;
}

/* With the end of every input vmsignalbin would end the meeting, which goes on
 * without what came in between. */
static GstPadProbeReturn
on_source_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmtSourceEnd *end = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS
      || g_atomic_int_get (&end->past))
    return GST_PAD_PROBE_OK;
  if (g_atomic_int_dec_and_test (&end->left))
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_over,
        g_atomic_rc_box_acquire (end), g_atomic_rc_box_release);
  return end->drops ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* A device that is lost sends EOS, and with that of every input vmsignalbin
 * would end the call. */
static GstPadProbeReturn
on_device_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS
             ? GST_PAD_PROBE_DROP
             : GST_PAD_PROBE_OK;
}

/* The beginning */

/* A file begins at 0, and the meeting has gone on for longer. */
static void
move_to_now (VmtSession *self, GstPad *pad)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (self->pipeline);
  GstClockTime base = gst_element_get_base_time (self->pipeline);

  if (clock)
    gst_pad_set_offset (pad, (gint64) (gst_clock_get_time (clock) - base));
}

static gboolean
link_source (VmtSession *self, VmtSending *sent, const gchar *from,
    const gchar *to, GError **error)
{
  VmtSource *source = sent->source;
  g_autoptr (GstPad) src = gst_element_get_static_pad (source->bin, from);
  gboolean still = source->still && g_str_equal (from, "video");
  /* what ends with a song is the song, not its cover */
  gboolean ends = source->kind == VMT_SOURCE_URI && !still;

  if (ends && sent->later)
    move_to_now (self, src);
  if (!vmt_session_link_sound (self, source->bin, from, to, &sent->voice)) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The %s of the source cannot be linked to vmsignalbin's pad %s.", from,
        to);
    return FALSE;
  }
  if (!ends) {
    gst_pad_add_probe (
        src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_device_event, NULL, NULL);
    return TRUE;
  }
  g_atomic_int_inc (&sent->end->left);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_source_event,
      g_atomic_rc_box_acquire (sent->end), g_atomic_rc_box_release);
  return TRUE;
}

static gboolean
is_screen (const VmtSource *source)
{
  return source && source->kind == VMT_SOURCE_SCREEN;
}

/* Takes @source. @later: the pipeline runs. */
static gboolean
attach (VmtSession *self, VmtSent which, VmtSource *source, const gchar *spec,
    gboolean later, GError **error)
{
  VmtSending *sent = &self->sent[which];
  const gchar *video_pad = which == VMT_SENT_SHARED || is_screen (source)
                               ? "video_sink_1"
                               : "video_sink_0";

  *sent = (VmtSending){ .source = source, .later = later };
  sent->spec = vmt_uri_to_show (spec);
  sent->end = g_atomic_rc_box_new0 (VmtSourceEnd);
  sent->end->session = self;
  sent->end->drops = later;
  for (guint i = 0; i < source->notes->len; i++)
    vmt_output_warning (
        self->output, NULL, g_ptr_array_index (source->notes, i));
  if (later) {
    /* the one before may have that name still */
    gst_object_set_name (GST_OBJECT (source->bin), NULL);
    /* a file that is looked into holds nothing else up */
    g_object_set (source->bin, "async-handling", TRUE, NULL);
  }
  gst_bin_add (GST_BIN (self->pipeline), source->bin);
  if (source->rtsp && source->has_audio)
    vmt_session_end_screen_sound (self, VMT_SOUND_AS_IT_COMES);
  if ((source->has_video
          && !link_source (self, sent, "video", video_pad, error))
      || (source->has_audio
          && !link_source (self, sent, "audio", "audio_sink_0", error)))
    return FALSE;
  if (source->sound)
    vmt_session_mix_in (self, source);
  return TRUE;
}

gboolean
vmt_session_add_source (VmtSession *self, GError **error)
{
  const VmtOptions *options = self->options;
  VmtSource *source;

  if (options->browser && !options->source)
    return TRUE;
  source = vmt_session_make_source (self, error);
  return source
         && attach (self, VMT_SENT_OWN, source, options->source, FALSE, error);
}

/* Another one */

static void
begin (VmtSession *self, VmtSent which)
{
  VmtSending *sent = &self->sent[which];
  g_autofree gchar *safe = vmt_text_safe (sent->spec);
  const gchar *with;

  if (sent->voice)
    gst_element_sync_state_with_parent (sent->voice);
  if (!gst_element_sync_state_with_parent (sent->source->bin)) {
    tell_over (self, which, "it cannot be started.");
    return;
  }
  tell (self, which, sent->spec);
  with = has_screen_sound (self, which) ? " and its sound" : "";
  if (which == VMT_SENT_SHARED)
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "You share “%s”%s now; /share off stops it.", safe, with);
  else
    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "You send “%s”%s now.", safe, with);
}

static void
take_source (VmtSession *self, VmtSourceJob *job)
{
  VmtSource *source = g_steal_pointer (&job->source);
  VmtSent which = job->which;
  g_autoptr (GError) error = NULL;

  detach (self, which);
  if (which == VMT_SENT_OWN)
    vmt_session_devices_take_source (self, source, job->choice.devices);
  if (!attach (self, which, source, job->spec, TRUE, &error)) {
    tell_over (self, which, error->message);
    return;
  }
  begin (self, which);
}

static gboolean
on_made (gpointer user_data)
{
  VmtSourceJob *job = user_data;
  VmtSession *self = job->session;

  if (!self)
    return G_SOURCE_REMOVE;
  self->source_job = NULL;
  if (self->leaving)
    return G_SOURCE_REMOVE;
  if (job->error)
    vmt_output_warning (self->output, NULL, job->error->message);
  else
    take_source (self, job);
  return G_SOURCE_REMOVE;
}

static gboolean
on_asking (gpointer user_data)
{
  VmtSourceJob *job = user_data;

  if (job->session && !job->session->leaving)
    vmt_session_tell_asking (job->session);
  return G_SOURCE_REMOVE;
}

/* On the job's thread. It comes before on_made(), which frees the job. */
static void
tell_asking (gpointer user_data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, on_asking, user_data, NULL);
}

static gpointer
make_thread (gpointer user_data)
{
  VmtSourceJob *job = user_data;

  if (!job->choice.devices
      && vmt_source_needs_devices (job->spec, &job->choice))
    job->choice.devices = vmt_devices_new ();
  job->source =
      vmt_source_new (job->spec, job->audio_only, &job->choice, &job->error);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_made, job, job_free);
  return NULL;
}

/* In the protocols of servers a connection has its pictures from the start. */
static gboolean
can_begin_later (VmtSession *self)
{
  gint dialect = VM_DIALECT_NAME_NATIVE;

  if (self->uri)
    g_object_get (self->signalbin, "dialect", &dialect, NULL);
  return dialect == VM_DIALECT_NAME_NATIVE || dialect == VM_DIALECT_NAME_JANUS;
}

/* NULL: it can be. */
static const gchar *
why_not (VmtSession *self, VmtSent which, const gchar *spec)
{
  gboolean screen = g_str_equal (spec, "screen");
  gboolean was_screen = is_screen (self->sent[VMT_SENT_OWN].source);

  if (self->source_job)
    return "The one before is still being opened: try again in a moment.";
  if (which == VMT_SENT_SHARED && self->options->audio_only)
    return "This call has sound alone: nothing can be shown in it.";
  if (which == VMT_SENT_SHARED && was_screen)
    return "The screen is sent already, in the place of a camera: /source "
           "changes that.";
  if (which == VMT_SENT_SHARED
      && (g_str_equal (spec, "camera") || vmt_is_rtsp (spec)))
    return "A camera is no second picture: /source and /camera send one.";
  if (which == VMT_SENT_OWN && g_str_equal (spec, "camera")
      && self->uses[VMT_KIND_CAMERA].slot)
    return "The camera is sent already: /camera changes which one.";
  if (which == VMT_SENT_OWN && screen && self->sent[VMT_SENT_SHARED].source)
    return "Something is shared already: /share off ends that.";
  if ((which == VMT_SENT_SHARED || screen != was_screen)
      && !can_begin_later (self))
    return "At this server what is sent is settled when somebody joins: join "
           "anew with --source screen.";
  return NULL;
}

static void
start_job (VmtSession *self, VmtSent which, const gchar *spec,
    const gchar *region, gboolean sound)
{
  const VmtOptions *options = self->options;
  VmtSourceJob *job = g_new0 (VmtSourceJob, 1);
  g_autoptr (GError) error = NULL;

  job->session = self;
  job->which = which;
  job->spec = g_strdup (spec);
  job->camera = g_strdup (options->camera);
  job->microphone = g_strdup (options->microphone);
  job->token_file = vmt_session_get_screen_file ();
  job->audio_only = options->audio_only;
  job->choice = (VmtSourceChoice){ .camera = job->camera,
    .microphone = job->microphone,
    .size = VMT_SIZE_DEFAULT,
    .portal = { .token_file = job->token_file,
        .asking = tell_asking,
        .user_data = job },
    .no_sound = which == VMT_SENT_SHARED,
    .screen_sound = sound || options->screen_sound };
  if (self->devices)
    job->choice.devices = vmt_devices_ref (self->devices);
  if (!region)
    region = options->region;
  if ((options->size
          && !vmt_size_parse (&job->choice.size, options->size, &error))
      || (region && !vmt_region_parse (&job->choice.region, region, &error))) {
    vmt_output_warning (self->output, NULL, error->message);
    job_free (job);
    return;
  }
  self->source_job = job;
  g_thread_unref (g_thread_new ("vmt-source", make_thread, job));
}

static void
change (VmtSession *self, VmtSent which, const gchar *spec, const gchar *region,
    gboolean sound)
{
  const gchar *why = why_not (self, which, spec);
  gboolean screen = g_str_equal (spec, "screen");

  if (!why && region && !screen)
    why = "A region is one of the screen.";
  if (!why && sound && !screen)
    why = "--screen-sound is of use with the screen alone.";
  if (why)
    vmt_output_warning (
        self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST), why);
  else
    start_job (self, which, spec, region, sound);
}

static void
show_sent (VmtSession *self)
{
  g_autofree gchar *own = vmt_text_safe (self->sent[VMT_SENT_OWN].spec);
  g_autofree gchar *shared = vmt_text_safe (self->sent[VMT_SENT_SHARED].spec);

  tell (self, VMT_SENT_OWN, self->sent[VMT_SENT_OWN].spec);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  You send %s%s%s%s%s%s.",
      *own ? "“" : "", *own ? own : "nothing", *own ? "”" : "",
      *shared ? ", and share “" : "", shared, *shared ? "”" : "");
}

void
vmt_session_change_source (
    VmtSession *self, const gchar *spec, const gchar *region, gboolean sound)
{
  if (!*spec)
    show_sent (self);
  else
    change (self, VMT_SENT_OWN, spec, region, sound);
}

void
vmt_session_share (
    VmtSession *self, const gchar *spec, const gchar *region, gboolean sound)
{
  if (g_ascii_strcasecmp (spec, VMT_SHARE_OFF) != 0) {
    change (self, VMT_SENT_SHARED, *spec ? spec : "screen", region, sound);
    return;
  }
  if (!self->sent[VMT_SENT_SHARED].source) {
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Nothing is shared.");
    return;
  }
  detach (self, VMT_SENT_SHARED);
  tell (self, VMT_SENT_SHARED, NULL);
  vmt_output_line (
      self->output, VMT_STYLE_STRONG, "You share nothing any more.");
}

/* What fails */

gboolean
vmt_session_source_failed (
    VmtSession *self, GstMessage *message, const gchar *why)
{
  GstObject *at = GST_MESSAGE_SRC (message);

  for (; at; at = GST_OBJECT_PARENT (at)) {
    if (g_object_get_data (G_OBJECT (at), VMT_LEFT))
      return TRUE;
    for (guint i = 0; i < VMT_N_SENT; i++) {
      const VmtSending *sent = &self->sent[i];

      /* what was sent from the start is what the program was started for */
      if (!sent->source || GST_OBJECT (sent->source->bin) != at || !sent->later)
        continue;
      if (!self->leaving)
        tell_over (self, i, why);
      return TRUE;
    }
  }
  return FALSE;
}

void
vmt_session_source_clear (VmtSession *self)
{
  if (self->source_job)
    self->source_job->session = NULL;
  self->source_job = NULL;
  for (guint i = 0; i < VMT_N_SENT; i++)
    clear (&self->sent[i]);
}
