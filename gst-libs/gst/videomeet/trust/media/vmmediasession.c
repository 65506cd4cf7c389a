/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmmediasession
 * @title: VmMediaSession
 * @short_description: whose media a connection carries
 *
 * The offer and the answer of a connection are signed with the keys of the two
 * devices, so that nobody who passes them on, the server of the meeting
 * included, can put another certificate in their place. One object stands for
 * one connection: vm_meeting_open_media() makes it, vm_media_session_sign()
 * gives what goes out with a description, and vm_media_session_check() says
 * whether one that came may be used.
 *
 * What was checked names the fingerprint of the certificate that DTLS will
 * present; who sets a connection up must hold DTLS to it before anything
 * passes.
 *
 * When both descriptions were signed, each message of the data channel `chat`
 * is authenticated with keys of that connection: vm_media_session_seal() and
 * vm_media_session_open().
 *
 * A session belongs to one thread at a time.
 */

#include "trust/media/vmmediasession-priv.h"
#include "trust/keys/ephemerals.h"
#include "trust/media/mediaidentity.h"
#include "trust/media/medianonces.h"
#include "trust/media/messageseal.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/rand.h>
#include <string.h>

/* Both descriptions of a connection, as the two have signed them. */
typedef struct
{
  gchar *session;
  guint generation;
  gchar *sdp, *other_sdp;
} Signed;

/* What two participants know of each other: the same for all their
 * connections. */
typedef struct
{
  VmIdentity *identity;
  gchar *meeting_id;
  gchar *participant_id;
  gchar *other_device_id; /* "": it has no key */
  gchar *other_participant_id;
  gboolean keyless;
  VmMediaNonces nonces;
  VmMediaReplay *replay;
  /* A restart may refer to the last connections that both have signed, the
   * newest last, and to the last one that was established. */
  GPtrArray *settled;
  Signed *established;
} Pair;

struct _VmMediaSession
{
  GObject parent;

  Pair *pair;
  gchar *session;
  guint generation;
  /* of the offer, and so of its answer, whatever restarts tell meanwhile */
  VmMediaNonce nonce, other_nonce;
  VmEphemeral *ephemeral;
  gchar *offer; /* its identity, whoever made it */
  gchar *sdp; /* of this side, once it is signed */
  /* what was found to be the other's word */
  gchar *other_sdp;
  gchar *other_identity;
  GBytes *other_ek, *other_key;
  VmMessageKeys *keys;
};

G_DEFINE_FINAL_TYPE (VmMediaSession, vm_media_session, G_TYPE_OBJECT)

static void
signed_clear (gpointer data)
{
  Signed *both = data;

  g_free (both->session);
  g_free (both->sdp);
  g_free (both->other_sdp);
}

static void
signed_unref (gpointer data)
{
  g_rc_box_release_full (data, signed_clear);
}

static void
pair_clear (gpointer data)
{
  Pair *pair = data;

  g_object_unref (pair->identity);
  g_free (pair->meeting_id);
  g_free (pair->participant_id);
  g_free (pair->other_device_id);
  g_free (pair->other_participant_id);
  vm_media_replay_free (pair->replay);
  g_ptr_array_unref (pair->settled);
  g_clear_pointer (&pair->established, signed_unref);
}

static void
vm_media_session_finalize (GObject *object)
{
  VmMediaSession *self = VM_MEDIA_SESSION (object);

  g_atomic_rc_box_release_full (self->pair, pair_clear);
  g_free (self->session);
  g_clear_pointer (&self->ephemeral, vm_ephemeral_free);
  g_free (self->offer);
  g_free (self->sdp);
  g_free (self->other_sdp);
  g_free (self->other_identity);
  g_clear_pointer (&self->other_ek, g_bytes_unref);
  g_clear_pointer (&self->other_key, g_bytes_unref);
  g_clear_pointer (&self->keys, vm_message_keys_free);
  G_OBJECT_CLASS (vm_media_session_parent_class)->finalize (object);
}

static void
vm_media_session_class_init (VmMediaSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_media_session_finalize;
}

static void
vm_media_session_init (VmMediaSession *self)
{
}

static Pair *
pair_new (const VmMediaSessionConfig *config)
{
  Pair *pair = g_atomic_rc_box_new0 (Pair);
  const gchar *id = config->other_device_id;

  pair->identity = g_object_ref (config->identity);
  pair->meeting_id = g_strdup (config->meeting_id);
  pair->participant_id = g_strdup (config->participant_id);
  pair->other_device_id = g_strdup (id ? id : "");
  pair->other_participant_id = g_strdup (config->other_participant_id);
  vm_media_nonces_init (&pair->nonces, config->nonce, config->other_nonce);
  pair->replay = vm_media_replay_new ();
  pair->settled = g_ptr_array_new_with_free_func (signed_unref);
  return pair;
}

VmMediaSession *
vm_media_session_new (
    const VmMediaSessionConfig *config, VmMediaSession *before)
{
  VmMediaSession *self = g_object_new (VM_TYPE_MEDIA_SESSION, NULL);

  self->pair =
      before ? g_atomic_rc_box_acquire (before->pair) : pair_new (config);
  self->pair->keyless = config->keyless;
  self->session = g_strdup (config->session ? config->session : "");
  self->generation = config->generation;
  return self;
}

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
has_key (VmMediaSession *self)
{
  return *self->pair->other_device_id != '\0';
}

/* Both nonces must be there for anything to be signed or checked. */
static gboolean
has_nonces (VmMediaSession *self)
{
  return self->pair->nonces.has_own && self->pair->nonces.has_other;
}

static gboolean
set_no_nonce (GError **error)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "It has told no nonce at its coming, so nothing can be signed for it");
  return FALSE;
}

static VmMediaBinding
bind (VmMediaSession *self, VmMediaRole role, gboolean own, const gchar *sdp)
{
  const Pair *pair = self->pair;
  const VmMediaSide here = { vm_identity_get_device_id (pair->identity),
    pair->participant_id, self->nonce };
  const VmMediaSide there = { pair->other_device_id, pair->other_participant_id,
    self->other_nonce };

  return (VmMediaBinding){ .role = role,
    .meeting_id = pair->meeting_id,
    .from = own ? here : there,
    .to = own ? there : here,
    .session = self->session,
    .generation = self->generation,
    .sdp = sdp,
    .offer = role == VM_MEDIA_ANSWER ? self->offer : NULL };
}

/* An offer is about to be signed or checked. */
static void
take_nonces (VmMediaSession *self)
{
  memcpy (self->nonce, self->pair->nonces.own, sizeof self->nonce);
  memcpy (
      self->other_nonce, self->pair->nonces.other, sizeof self->other_nonce);
}

static VmMediaRole
role_of (VmDescriptionType type)
{
  return type == VM_DESCRIPTION_TYPE_OFFER ? VM_MEDIA_OFFER : VM_MEDIA_ANSWER;
}

static gchar *
make_identity (
    VmMediaSession *self, const VmMediaBinding *binding, GError **error)
{
  if (!self->ephemeral)
    self->ephemeral = vm_ephemerals_take (error);
  if (!self->ephemeral)
    return NULL;
  return vm_media_identity_sign (self->pair->identity, binding,
      vm_ephemeral_get_spki (self->ephemeral), now (), error);
}

static void
set_text (gchar **field, const gchar *text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static Signed *
signed_new (VmMediaSession *self)
{
  Signed *both = g_rc_box_new0 (Signed);

  both->session = g_strdup (self->session);
  both->generation = self->generation;
  both->sdp = g_strdup (self->sdp);
  both->other_sdp = g_strdup (self->other_sdp);
  return both;
}

/* Both descriptions are signed. */
static gboolean
settle (
    VmMediaSession *self, gboolean offerer, const gchar *answer, GError **error)
{
  GPtrArray *settled = self->pair->settled;

  g_clear_pointer (&self->keys, vm_message_keys_free);
  self->keys = vm_message_keys_new (
      self->ephemeral, self->other_ek, offerer, self->offer, answer, error);
  if (!self->keys)
    return FALSE;
  if (settled->len == VM_MEDIA_SETTLED_MAX)
    g_ptr_array_remove_index (settled, 0);
  g_ptr_array_add (settled, signed_new (self));
  return TRUE;
}

/**
 * vm_media_session_sign:
 * @self: a #VmMediaSession
 * @type: offer or answer
 * @sdp: the description of this side, as it goes out
 * @identity: (out) (nullable) (transfer full): what goes out with it, for
 *   vm_meeting_send_description(); %NULL for one without a key that has told no
 *   nonce, or has not signed its offer
 * @error: return location for an error
 *
 * Signs a description of this side. Once for each connection.
 *
 * Returns: %FALSE with #VM_ERROR_BAD_MESSAGE when @sdp has not exactly one
 *   SHA-256 fingerprint and one ICE user name, or the other device has told no
 *   nonce; #VM_ERROR_IDENTITY when the key does not sign
 *
 * Since: 0.1
 */
gboolean
vm_media_session_sign (VmMediaSession *self, VmDescriptionType type,
    const gchar *sdp, gchar **identity, GError **error)
{
  gboolean offer = type == VM_DESCRIPTION_TYPE_OFFER;
  g_autofree gchar *text = NULL;
  VmMediaBinding binding;

  g_return_val_if_fail (VM_IS_MEDIA_SESSION (self), FALSE);
  g_return_val_if_fail (sdp != NULL && identity != NULL, FALSE);

  *identity = NULL;
  if (!has_key (self) && (!has_nonces (self) || (!offer && !self->offer)))
    return TRUE;
  if (!has_nonces (self))
    return set_no_nonce (error);
  if (offer)
    take_nonces (self);
  binding = bind (self, role_of (type), TRUE, sdp);
  text = make_identity (self, &binding, error);
  if (!text)
    return FALSE;
  set_text (&self->sdp, sdp);
  if (offer)
    set_text (&self->offer, text);
  else if (!settle (self, FALSE, text, error))
    return FALSE;
  *identity = g_steal_pointer (&text);
  return TRUE;
}

static gboolean
verify (VmMediaSession *self, const VmMediaBinding *binding,
    VmMediaIdentity *identity, const gchar *text, GError **error)
{
  if (!text) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "Nothing signs what came in its name, and the device %s signs all that "
        "it says: the signature was taken off on the way",
        self->pair->other_device_id);
    return FALSE;
  }
  return vm_media_identity_parse (identity, text, error)
         && vm_media_identity_verify (identity, binding, now (), error);
}

/* An offer may be by the nonce that one of the restarts has told, or by the one
 * before them. */
static gboolean
verify_offer (VmMediaSession *self, VmMediaBinding *binding,
    VmMediaIdentity *identity, const gchar *text, GError **error)
{
  VmMediaNonces *nonces = &self->pair->nonces;

  for (guint i = nonces->n_next; i > 0; i--) {
    binding->to.nonce = nonces->next[i - 1];
    if (verify (self, binding, identity, text, NULL)) {
      vm_media_nonces_take_next (nonces, i - 1);
      take_nonces (self);
      return TRUE;
    }
    vm_media_identity_clear (identity);
  }
  binding->to.nonce = self->nonce;
  return verify (self, binding, identity, text, error);
}

static gboolean
check_keyless (VmMediaSession *self, GError **error)
{
  if (self->pair->keyless)
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "It has no device key, and this device is called by trusted devices and "
      "invited guests only");
  return FALSE;
}

/**
 * vm_media_session_check:
 * @self: a #VmMediaSession
 * @type: offer or answer
 * @sdp: the description that came
 * @identity: (nullable): what came with it; any text
 * @error: return location for an error
 *
 * Whether a description that came in the other device's name is its word. Of
 * a device without a key there is none, and it is taken where that is allowed.
 * One for each connection: the same may be asked about again.
 *
 * Returns: %FALSE with #VM_ERROR_SIGNATURE when it is not signed, not by that
 *   device, not for this connection, is too old or came before;
 *   #VM_ERROR_WRONG_KEY when another key signs it; #VM_ERROR_BAD_MESSAGE when
 *   it cannot be read; #VM_ERROR_NOT_TRUSTED when it has no key and should
 *
 * Since: 0.1
 */
gboolean
vm_media_session_check (VmMediaSession *self, VmDescriptionType type,
    const gchar *sdp, const gchar *identity, GError **error)
{
  gboolean offer = type == VM_DESCRIPTION_TYPE_OFFER;
  g_auto (VmMediaIdentity) read = { NULL };
  VmMediaBinding binding;

  g_return_val_if_fail (VM_IS_MEDIA_SESSION (self), FALSE);
  g_return_val_if_fail (sdp != NULL, FALSE);

  if (!has_key (self))
    return check_keyless (self, error);
  if (!has_nonces (self))
    return set_no_nonce (error);
  if (self->other_sdp && strcmp (self->other_sdp, sdp) == 0
      && g_strcmp0 (self->other_identity, identity) == 0)
    return TRUE;
  if (offer)
    take_nonces (self);
  binding = bind (self, role_of (type), FALSE, sdp);
  if (!(offer ? verify_offer (self, &binding, &read, identity, error)
              : verify (self, &binding, &read, identity, error))
      || !vm_media_replay_accept (self->pair->replay, &read, now (), error))
    return FALSE;
  g_clear_pointer (&self->other_ek, g_bytes_unref);
  self->other_ek = g_steal_pointer (&read.ek);
  g_clear_pointer (&self->other_key, g_bytes_unref);
  self->other_key = g_steal_pointer (&read.spki);
  set_text (&self->other_sdp, sdp);
  set_text (&self->other_identity, identity);
  if (!offer)
    return settle (self, TRUE, identity, error);
  set_text (&self->offer, identity);
  return TRUE;
}

/**
 * vm_media_session_is_signed:
 * @self: a #VmMediaSession
 *
 * Returns: whether both descriptions were signed: then messages are sealed
 *
 * Since: 0.1
 */
gboolean
vm_media_session_is_signed (VmMediaSession *self)
{
  g_return_val_if_fail (VM_IS_MEDIA_SESSION (self), FALSE);

  return self->keys != NULL;
}

/**
 * vm_media_session_seal:
 * @self: a #VmMediaSession that is signed
 * @text: a message for the data channel `chat`
 *
 * Adds what tells the other side that the message is this device's, whole, and
 * the next one. 100 bytes more at most.
 *
 * Returns: (transfer full): what goes over the channel
 *
 * Since: 0.1
 */
gchar *
vm_media_session_seal (VmMediaSession *self, const gchar *text)
{
  g_return_val_if_fail (VM_IS_MEDIA_SESSION (self), NULL);
  g_return_val_if_fail (self->keys != NULL && text != NULL, NULL);

  return vm_message_seal (self->keys, text);
}

/**
 * vm_media_session_open:
 * @self: a #VmMediaSession that is signed
 * @text: what came on the data channel `chat`
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the message; %NULL with
 *   #VM_ERROR_BAD_MESSAGE when nothing authenticates it, #VM_ERROR_SIGNATURE
 *   when it was changed, came before, or after later ones
 *
 * Since: 0.1
 */
gchar *
vm_media_session_open (VmMediaSession *self, const gchar *text, GError **error)
{
  g_return_val_if_fail (VM_IS_MEDIA_SESSION (self), NULL);
  g_return_val_if_fail (self->keys != NULL && text != NULL, NULL);

  return vm_message_open (self->keys, text, error);
}

void
vm_media_session_set_established (VmMediaSession *self)
{
  Pair *pair = self->pair;

  if (!self->keys)
    return;
  g_clear_pointer (&pair->established, signed_unref);
  pair->established = signed_new (self);
}

static VmMediaBinding
bind_restart (VmMediaSession *self, gboolean own, const Signed *both,
    const VmMediaNonce nonce)
{
  const Pair *pair = self->pair;
  VmMediaBinding binding =
      bind (self, VM_MEDIA_RESTART, own, own ? both->sdp : both->other_sdp);

  /* that of who asks is told with it */
  binding.from.nonce = nonce;
  binding.to.nonce = own ? pair->nonces.other : pair->nonces.own;
  binding.session = both->session;
  binding.generation = both->generation;
  return binding;
}

/* Whoever offers may never have taken this side's answer, but has where the
 * connection was established. */
static const Signed *
find_known_to_both (const Pair *pair)
{
  if (pair->established)
    return pair->established;
  return pair->settled->len > 0
             ? g_ptr_array_index (pair->settled, pair->settled->len - 1)
             : NULL;
}

gboolean
vm_media_session_sign_restart (
    VmMediaSession *self, gchar **nonce, gchar **identity, GError **error)
{
  Pair *pair = self->pair;
  const Signed *both = find_known_to_both (pair);
  VmMediaNonce fresh;
  VmMediaBinding binding;

  *nonce = *identity = NULL;
  if (!both)
    return FALSE;
  if (RAND_bytes (fresh, sizeof fresh) != 1) {
    g_set_error_literal (
        error, VM_ERROR, VM_ERROR_FAILED, "OpenSSL has no random numbers");
    return FALSE;
  }
  binding = bind_restart (self, TRUE, both, fresh);
  *identity = make_identity (self, &binding, error);
  if (!*identity)
    return FALSE;
  vm_media_nonces_add_next (&pair->nonces, fresh);
  *nonce = g_base64_encode (fresh, sizeof fresh);
  return TRUE;
}

static gboolean
verify_restart (VmMediaSession *self, const Signed *both,
    const VmMediaNonce renewed, VmMediaIdentity *identity, const gchar *text,
    GError **error)
{
  VmMediaBinding binding = bind_restart (self, FALSE, both, renewed);

  vm_media_identity_clear (identity);
  return verify (self, &binding, identity, text, error);
}

/* By whichever connection both know of: which one it is by is not told. */
static gboolean
verify_by_any (VmMediaSession *self, const VmMediaNonce renewed,
    VmMediaIdentity *identity, const gchar *text, GError **error)
{
  const Pair *pair = self->pair;

  if (pair->established
      && verify_restart (
          self, pair->established, renewed, identity, text, NULL))
    return TRUE;
  for (guint i = pair->settled->len; i > 1; i--) {
    if (verify_restart (self, g_ptr_array_index (pair->settled, i - 1), renewed,
            identity, text, NULL))
      return TRUE;
  }
  return verify_restart (self, g_ptr_array_index (pair->settled, 0), renewed,
      identity, text, error);
}

gboolean
vm_media_session_check_restart (VmMediaSession *self, const gchar *nonce,
    const gchar *identity, GError **error)
{
  Pair *pair = self->pair;
  g_auto (VmMediaIdentity) read = { NULL };
  g_autoptr (GError) why = NULL;
  VmMediaNonce renewed;

  if (!has_key (self))
    return check_keyless (self, error);
  if (pair->settled->len == 0)
    return FALSE;
  if (!vm_media_nonce_read (nonce, renewed)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "It asks for another connection and does not sign that");
    return FALSE;
  }
  if (!verify_by_any (self, renewed, &read, identity, &why)) {
    /* it may have answered an offer that was given up before the answer came */
    if (pair->established || !identity
        || !g_error_matches (why, VM_ERROR, VM_ERROR_SIGNATURE))
      g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (!vm_media_replay_accept (pair->replay, &read, now (), error))
    return FALSE;
  memcpy (pair->nonces.other, renewed, sizeof renewed);
  return TRUE;
}

VmIdentity *
vm_media_session_get_identity (VmMediaSession *self)
{
  return self->pair->identity;
}

GBytes *
vm_media_session_get_other_key (VmMediaSession *self)
{
  return self->other_key;
}

const gchar *
vm_media_session_get_other_device (VmMediaSession *self)
{
  return self->pair->other_device_id;
}
