/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmparticipant
 * @title: VmParticipant
 * @short_description: somebody in a meeting
 *
 * One seat of a #VmMeeting, this device's own included. Who it is stays as it
 * was when it joined; how well it is known, and what it does meanwhile, has
 * properties that tell of it. A
 * participant belongs to the thread of its meeting; the strings its getters
 * return live as long as it does.
 */

#include "meeting/vmparticipant-priv.h"
#include "base/vmparticipantstate-priv.h"

#include <string.h>

enum
{
  PROP_STATUS = 1,
  PROP_HAND,
  PROP_AUDIO_MUTED,
  PROP_VIDEO_MUTED,
  PROP_DETACHED,
  PROP_TRUST,
  PROP_VOUCHER,
  PROP_VIA,
  PROP_ORIGIN,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmParticipant, vm_participant, G_TYPE_OBJECT)

static void
vm_participant_finalize (GObject *object)
{
  VmParticipant *self = VM_PARTICIPANT (object);

  g_free (self->id);
  g_free (self->user);
  g_free (self->shown);
  g_free (self->device);
  g_free (self->device_id);
  g_free (self->token);
  g_free (self->nonce);
  g_free (self->voucher);
  g_free (self->via);
  g_free (self->origin);
  g_free (self->origin_id);
  g_free (self->bridge);
  g_free (self->address);
  g_clear_object (&self->media);
  vm_participant_clear_talk (self);
  g_free (self->status);
  G_OBJECT_CLASS (vm_participant_parent_class)->finalize (object);
}

static void
vm_participant_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmParticipant *self = VM_PARTICIPANT (object);

  switch (id) {
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_HAND:
      g_value_set_boolean (value, self->hand);
      break;
    case PROP_AUDIO_MUTED:
      g_value_set_boolean (value, self->audio == FALSE);
      break;
    case PROP_VIDEO_MUTED:
      g_value_set_boolean (value, self->video == FALSE);
      break;
    case PROP_DETACHED:
      g_value_set_boolean (value, self->detached);
      break;
    case PROP_TRUST:
      g_value_set_enum (value, self->trust);
      break;
    case PROP_VOUCHER:
      g_value_set_string (value, self->voucher);
      break;
    case PROP_VIA:
      g_value_set_string (value, self->via);
      break;
    case PROP_ORIGIN:
      g_value_set_string (value, self->origin);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
install_flag (
    guint id, const gchar *name, const gchar *nick, const gchar *blurb)
{
  props[id] = g_param_spec_boolean (
      name, nick, blurb, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_voucher (void)
{
  /**
   * VmParticipant:voucher:
   *
   * What the introducer is called in this device's store that vouches for the
   * participant, or its device id where it has no name there; %NULL at any
   * #VmParticipant:trust but %VM_TRUST_LEVEL_VOUCHED.
   *
   * Since: 0.1
   */
  props[PROP_VOUCHER] = g_param_spec_string ("voucher", "Voucher",
      "Who vouches for it (null: nobody)", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_origin (void)
{
  /**
   * VmParticipant:via:
   *
   * Id of the participant that passes its media on, as the bridge to a cloud
   * room does, and can see and hear it; %NULL when its media comes from itself.
   * It is never trusted then. It does not change.
   *
   * Since: 0.3
   */
  props[PROP_VIA] = g_param_spec_string ("via", "Via",
      "Id of who passes its media on, and can see it (null: nobody)", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * VmParticipant:origin:
   *
   * Where it really is, when #VmParticipant:via names somebody: `cloud`; else
   * %NULL. It does not change.
   *
   * Since: 0.3
   */
  props[PROP_ORIGIN] = g_param_spec_string ("origin", "Origin",
      "Where it really is: cloud (null: here)", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
vm_participant_class_init (VmParticipantClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = vm_participant_finalize;
  object_class->get_property = vm_participant_get_property;
  /**
   * VmParticipant:status:
   *
   * What it says it is doing, "busy": at most 128 bytes without control
   * characters.
   *
   * Since: 0.1
   */
  props[PROP_STATUS] =
      g_param_spec_string ("status", "Status", "What it says it is doing", "",
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * VmParticipant:hand:
   *
   * Whether it has raised its hand.
   *
   * Since: 0.1
   */
  install_flag (PROP_HAND, "hand", "Hand", "Whether its hand is raised");
  /**
   * VmParticipant:audio-muted:
   *
   * Whether it says that it sends no sound at the moment.
   *
   * Since: 0.1
   */
  install_flag (PROP_AUDIO_MUTED, "audio-muted", "Audio muted",
      "Whether it sends no sound");
  /**
   * VmParticipant:video-muted:
   *
   * Whether it says that it sends no picture at the moment.
   *
   * Since: 0.1
   */
  install_flag (PROP_VIDEO_MUTED, "video-muted", "Video muted",
      "Whether it sends no picture");
  /**
   * VmParticipant:detached:
   *
   * Whether it has lost its connection to the host for 10 s; its seat is kept
   * for 30. Media may go on meanwhile.
   *
   * Since: 0.1
   */
  install_flag (PROP_DETACHED, "detached", "Detached",
      "Whether its connection to the host is lost");
  /**
   * VmParticipant:trust:
   *
   * How well its device is known. To the host that is what its own store says
   * of the key that it showed. To a guest it is what its own store says of the
   * host; and of the others, whose keys only the host has seen, if it trusts
   * the host: without that they are %VM_TRUST_LEVEL_UNKNOWN.
   * %VM_TRUST_LEVEL_VOUCHED are those with a token of an introducer,
   * #VmParticipant:voucher. It changes when trust is agreed on or ends while
   * the participant is there; who came for the first time stays unknown.
   *
   * Since: 0.1
   */
  props[PROP_TRUST] = g_param_spec_enum ("trust", "Trust",
      "How well its device is known", VM_TYPE_TRUST_LEVEL,
      VM_TRUST_LEVEL_UNKNOWN, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  install_voucher ();
  install_origin ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vm_participant_init (VmParticipant *self)
{
  self->status = g_strdup ("");
  self->audio = self->video = -1;
}

VmParticipant *
vm_participant_new (const VmSignalParticipant *described)
{
  VmParticipant *self = g_object_new (VM_TYPE_PARTICIPANT, NULL);

  self->id = g_strdup (described->id);
  self->user = g_strdup (described->user ? described->user : "");
  self->device = g_strdup (described->device ? described->device : "");
  self->device_id = g_strdup (described->device_id ? described->device_id : "");
  self->token = g_strdup (described->token);
  self->nonce = g_strdup (described->nonce);
  self->call_type = described->call_type;
  self->host = described->host;
  self->trust = vm_trust_level_from_wire (described->trust);
  if (self->trust == VM_TRUST_LEVEL_VOUCHED)
    self->voucher = g_strdup (described->voucher);
  self->via = g_strdup (described->via);
  self->origin = g_strdup (described->origin);
  self->origin_id = g_strdup (described->origin_id);
  self->state = VM_PARTICIPANT_STATE_CONNECTING;
  self->detached = g_strcmp0 (described->state, "detached") == 0;
  return self;
}

void
vm_participant_mark (VmParticipant *self, guint number)
{
  g_free (self->shown);
  self->shown = g_strdup_printf ("%s (%u)", self->user, number);
}

void
vm_participant_describe (VmParticipant *self, VmSignalParticipant *described)
{
  *described = (VmSignalParticipant){
    .id = self->id,
    .user = self->user,
    .device = self->device,
    .device_id = self->device_id,
    .token = self->token,
    .call_type = self->call_type,
    .host = self->host,
    .origin = self->origin,
  };
}

VmSignalParticipant *
vm_participant_to_signal (VmParticipant *self)
{
  VmSignalParticipant *described = g_new0 (VmSignalParticipant, 1);

  described->id = g_strdup (self->id);
  described->user = g_strdup (self->user);
  described->device = g_strdup (self->device);
  described->device_id = *self->device_id ? g_strdup (self->device_id) : NULL;
  described->nonce = g_strdup (self->nonce);
  described->call_type = self->call_type;
  described->address = g_strdup (self->address);
  return described;
}

void
vm_participant_set_address (VmParticipant *self, const gchar *address)
{
  if (!address)
    return;
  g_free (self->address);
  self->address = g_strdup (address);
}

void
vm_participant_set_host (VmParticipant *self, gboolean host)
{
  self->host = host;
}

VmParticipantTalk *
vm_participant_get_talk (VmParticipant *self)
{
  return &self->talk;
}

void
vm_sent_chat_free (gpointer data)
{
  VmSentChat *sent = data;

  g_object_unref (sent->message);
  g_free (sent);
}

void
vm_participant_clear_talk (VmParticipant *self)
{
  g_queue_clear_full (&self->talk.unsent, g_object_unref);
  g_queue_clear_full (&self->talk.sent, vm_sent_chat_free);
  g_queue_clear_full (&self->talk.unsent_signals, g_free);
  self->talk = (VmParticipantTalk){ 0 };
}

const gchar *
vm_participant_get_nonce (VmParticipant *self)
{
  return self->nonce;
}

VmMediaSession *
vm_participant_get_media (VmParticipant *self)
{
  return self->media;
}

void
vm_participant_set_media (VmParticipant *self, VmMediaSession *media)
{
  g_set_object (&self->media, media);
}

gint
vm_participant_get_audio (VmParticipant *self)
{
  return self->audio;
}

gint
vm_participant_get_video (VmParticipant *self)
{
  return self->video;
}

static gboolean
set_flag (VmParticipant *self, gint *flag, gint value, guint prop)
{
  if (*flag == value)
    return FALSE;
  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
  return TRUE;
}

gboolean
vm_participant_set_presence (
    VmParticipant *self, const gchar *status, gint audio, gint video)
{
  gboolean news = FALSE;

  if (status && strcmp (status, self->status) != 0) {
    g_free (self->status);
    self->status = g_strdup (status);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATUS]);
    news = TRUE;
  }
  if (audio >= 0)
    news |= set_flag (self, &self->audio, audio, PROP_AUDIO_MUTED);
  if (video >= 0)
    news |= set_flag (self, &self->video, video, PROP_VIDEO_MUTED);
  return news;
}

gboolean
vm_participant_set_hand (VmParticipant *self, gboolean raised)
{
  return set_flag (self, &self->hand, raised, PROP_HAND);
}

gboolean
vm_participant_set_bridge (VmParticipant *self, const gchar *word)
{
  if (g_strcmp0 (self->bridge, word) == 0)
    return FALSE;
  g_free (self->bridge);
  self->bridge = g_strdup (word);
  return TRUE;
}

const gchar *
vm_participant_get_bridge (VmParticipant *self)
{
  return self->bridge;
}

const gchar *
vm_participant_get_origin_id (VmParticipant *self)
{
  return self->origin_id;
}

gboolean
vm_participant_set_detached (VmParticipant *self, gboolean detached)
{
  return set_flag (self, &self->detached, detached, PROP_DETACHED);
}

void
vm_participant_set_token (VmParticipant *self, const gchar *token)
{
  g_free (self->token);
  self->token = g_strdup (token);
}

gboolean
vm_participant_set_trust (
    VmParticipant *self, VmTrustLevel trust, const gchar *voucher)
{
  gboolean level = trust != self->trust;
  gboolean name;

  if (trust != VM_TRUST_LEVEL_VOUCHED)
    voucher = NULL;
  name = g_strcmp0 (voucher, self->voucher) != 0;
  if (name) {
    g_free (self->voucher);
    self->voucher = g_strdup (voucher);
  }
  self->trust = trust;
  /* both are as they are before either is told */
  if (level)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TRUST]);
  if (name)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VOUCHER]);
  return level || name;
}

gboolean
vm_participant_take_event (
    VmParticipant *self, VmParticipantEvent event, VmParticipantState *old)
{
  *old = self->state;
  /* no warning: its connection tells of itself, and may be late or again */
  if (!vm_participant_state_next (*old, event, &self->state)) {
    g_debug ("participant %s: %s while %s", self->id,
        vm_participant_event_to_string (event),
        vm_participant_state_to_string (*old));
    return FALSE;
  }
  g_debug ("participant %s: %s → %s (%s)", self->id,
      vm_participant_state_to_string (*old),
      vm_participant_state_to_string (self->state),
      vm_participant_event_to_string (event));
  return TRUE;
}

gboolean
vm_participant_id_is_earlier (const gchar *a, const gchar *b)
{
  gsize size_a = strlen (a), size_b = strlen (b);

  /* zero-padded up to p999; a longer number is a larger one */
  return size_a != size_b ? size_a < size_b : strcmp (a, b) < 0;
}
