/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/comparison.h"
#include "base/base64.h"
#include "base/json/json.h"
#include "trust/keys/transcript.h"

#include <string.h>

#define COMMIT_PURPOSE "vm2 compare commit"
#define DIGITS_PURPOSE "vm2 compare"
#define BASE64_MAX 44 /* of 32 bytes */
#define STEP_MAX 16
#define DIFFER "differ" /* the step without a value */

typedef enum
{
  STATE_IDLE,
  STATE_ASKING, /* our commitment is out */
  STATE_ASKED, /* our nonce is out, theirs is committed to */
  STATE_DIGITS,
} State;

struct _VmComparison
{
  gchar *own_id, *their_id;
  gboolean earlier;
  State state;
  gboolean asks;
  gchar *own_fingerprint, *their_fingerprint; /* of this comparison */
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  guint8 commit[VM_SHA256_SIZE]; /* theirs */
  gint64 deadline;
  gint64 asked_at; /* when the other has asked last; 0: never */
  gchar digits[VM_SAS_DIGITS + 1];
  gboolean found, same; /* what the users have found */
  gboolean open; /* the other user can still say that the last digits differ */
  gchar *found_own, *found_their; /* of these certificates */
};

const gchar *
vm_comparison_news_to_string (VmComparisonNews news)
{
  switch (news) {
    case VM_COMPARISON_NOTHING:
      return NULL;
    case VM_COMPARISON_DIGITS:
      return "digits";
    case VM_COMPARISON_UNANSWERED:
      return "unanswered";
    case VM_COMPARISON_CHANGED:
      return "changed";
    case VM_COMPARISON_WRONG:
      return "wrong";
    case VM_COMPARISON_DIFFERS:
      return "differs";
  }
  g_return_val_if_reached (NULL);
}

VmComparison *
vm_comparison_new (const gchar *own_id, const gchar *their_id, gboolean earlier)
{
  VmComparison *self = g_new0 (VmComparison, 1);

  self->own_id = g_strdup (own_id);
  self->their_id = g_strdup (their_id);
  self->earlier = earlier;
  return self;
}

static void
end (VmComparison *self)
{
  self->state = STATE_IDLE;
  self->deadline = 0;
  memset (self->nonce, 0, sizeof self->nonce);
}

void
vm_comparison_free (VmComparison *self)
{
  end (self);
  g_free (self->own_id);
  g_free (self->their_id);
  g_free (self->own_fingerprint);
  g_free (self->their_fingerprint);
  g_free (self->found_own);
  g_free (self->found_their);
  g_free (self);
}

static void
begin (VmComparison *self, State state,
    const VmComparisonFingerprints *fingerprints, const guint8 *nonce,
    gint64 now)
{
  end (self);
  self->state = state;
  self->asks = state == STATE_ASKING;
  self->deadline = now + VM_COMPARISON_ANSWER_US;
  g_free (self->own_fingerprint);
  g_free (self->their_fingerprint);
  self->own_fingerprint = g_strdup (fingerprints->own);
  self->their_fingerprint = g_strdup (fingerprints->theirs);
  memcpy (self->nonce, nonce, sizeof self->nonce);
}

static void
commit_to (
    const guint8 *nonce, const gchar *fingerprint, guint8 hash[VM_SHA256_SIZE])
{
  g_autoptr (GByteArray) transcript = vm_transcript_new (COMMIT_PURPOSE);

  vm_transcript_add (transcript, nonce, VM_TRUST_NONCE_SIZE);
  vm_transcript_add_text (transcript, fingerprint);
  vm_transcript_hash (transcript, hash);
}

/* @data: (nullable) */
static gchar *
format (const gchar *step, const guint8 *data, gsize size)
{
  g_autofree gchar *value = data ? g_base64_encode (data, size) : NULL;
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "type", "compare");
  vm_json_append_member (out, "step", step);
  if (value)
    vm_json_append_member (out, "value", value);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

gchar *
vm_comparison_ask (VmComparison *self,
    const VmComparisonFingerprints *fingerprints,
    const guint8 nonce[VM_TRUST_NONCE_SIZE], gint64 now)
{
  guint8 hash[VM_SHA256_SIZE];

  begin (self, STATE_ASKING, fingerprints, nonce, now);
  commit_to (nonce, fingerprints->own, hash);
  return format ("commit", hash, sizeof hash);
}

static void
add_side (VmTranscript *transcript, const gchar *fingerprint, const gchar *id,
    const guint8 *nonce)
{
  vm_transcript_add_text (transcript, fingerprint);
  vm_transcript_add_text (transcript, id);
  vm_transcript_add (transcript, nonce, VM_TRUST_NONCE_SIZE);
}

static gboolean
is_still (const gchar *own, const gchar *theirs,
    const VmComparisonFingerprints *fingerprints)
{
  return fingerprints && g_strcmp0 (own, fingerprints->own) == 0
         && g_strcmp0 (theirs, fingerprints->theirs) == 0;
}

static VmComparisonNews
finish (VmComparison *self, const guint8 *theirs,
    const VmComparisonFingerprints *fingerprints)
{
  g_autoptr (GByteArray) transcript = vm_transcript_new (DIGITS_PURPOSE);
  guint8 hash[VM_SHA256_SIZE];

  if (!is_still (
          self->own_fingerprint, self->their_fingerprint, fingerprints)) {
    end (self);
    return VM_COMPARISON_CHANGED;
  }
  if (self->asks)
    add_side (transcript, self->own_fingerprint, self->own_id, self->nonce);
  add_side (transcript, self->their_fingerprint, self->their_id, theirs);
  if (!self->asks)
    add_side (transcript, self->own_fingerprint, self->own_id, self->nonce);
  vm_transcript_hash (transcript, hash);
  vm_sas_format (hash, self->digits);
  self->state = STATE_DIGITS;
  self->open = TRUE;
  self->deadline = 0;
  return VM_COMPARISON_DIGITS;
}

/* Of two that ask at once the earlier participant does. Who asks is never asked
 * too often. */
static void
take_commit (VmComparison *self, const guint8 *value,
    const VmComparisonFingerprints *fingerprints, const guint8 *nonce,
    gint64 now, gchar **reply)
{
  gboolean often =
      self->asked_at && now - self->asked_at < VM_COMPARISON_ASK_US;

  if (self->state == STATE_ASKING ? self->earlier : often)
    return;
  self->asked_at = now;
  begin (self, STATE_ASKED, fingerprints, nonce, now);
  memcpy (self->commit, value, sizeof self->commit);
  *reply = format ("nonce", nonce, VM_TRUST_NONCE_SIZE);
}

static VmComparisonNews
take_reveal (VmComparison *self, const guint8 *value,
    const VmComparisonFingerprints *fingerprints)
{
  guint8 hash[VM_SHA256_SIZE];

  commit_to (value, self->their_fingerprint, hash);
  if (memcmp (hash, self->commit, sizeof hash) != 0) {
    end (self);
    return VM_COMPARISON_WRONG;
  }
  return finish (self, value, fingerprints);
}

static VmComparisonNews
take_differ (VmComparison *self)
{
  if (!self->open)
    return VM_COMPARISON_NOTHING;
  self->open = self->same = FALSE;
  self->found = TRUE;
  if (self->state == STATE_DIGITS)
    end (self);
  return VM_COMPARISON_DIFFERS;
}

/* FALSE: it is no such message. */
static gboolean
parse (const gchar *text, gchar **step, guint8 value[VM_SHA256_SIZE])
{
  VmJson json;
  g_autofree gchar *type = NULL, *base64 = NULL;

  return strlen (text) <= VM_COMPARISON_TEXT_MAX
         && vm_json_read (&json, text, strlen (text), NULL)
         && vm_json_get_string (&json, 0, "type", STEP_MAX, &type, NULL)
         && g_strcmp0 (type, "compare") == 0
         && vm_json_get_string (&json, 0, "step", STEP_MAX, step, NULL)
         && vm_json_get_string (&json, 0, "value", BASE64_MAX, &base64, NULL)
         && *step
         && (g_str_equal (*step, DIFFER)
             || (base64 && vm_base64_read (base64, value, VM_SHA256_SIZE)));
}

gboolean
vm_comparison_is_for (const gchar *text)
{
  VmJson json;
  g_autofree gchar *type = NULL;

  return strlen (text) <= VM_COMPARISON_TEXT_MAX
         && vm_json_read (&json, text, strlen (text), NULL)
         && vm_json_get_string (&json, 0, "type", STEP_MAX, &type, NULL)
         && g_strcmp0 (type, "compare") == 0;
}

VmComparisonNews
vm_comparison_take (VmComparison *self, const gchar *text,
    const VmComparisonFingerprints *fingerprints,
    const guint8 nonce[VM_TRUST_NONCE_SIZE], gint64 now, gchar **reply)
{
  g_autofree gchar *step = NULL;
  guint8 value[VM_SHA256_SIZE];

  *reply = NULL;
  if (!parse (text, &step, value))
    return VM_COMPARISON_NOTHING;
  if (g_str_equal (step, "commit")) {
    take_commit (self, value, fingerprints, nonce, now, reply);
  } else if (g_str_equal (step, "nonce") && self->state == STATE_ASKING) {
    *reply = format ("reveal", self->nonce, sizeof self->nonce);
    return finish (self, value, fingerprints);
  } else if (g_str_equal (step, "reveal") && self->state == STATE_ASKED) {
    return take_reveal (self, value, fingerprints);
  } else if (g_str_equal (step, DIFFER)) {
    return take_differ (self);
  }
  return VM_COMPARISON_NOTHING;
}

/* The side that was asked has shown its user nothing yet. */
VmComparisonNews
vm_comparison_tick (VmComparison *self, gint64 now)
{
  gboolean asking = self->state == STATE_ASKING;

  if (!self->deadline || now < self->deadline)
    return VM_COMPARISON_NOTHING;
  end (self);
  return asking ? VM_COMPARISON_UNANSWERED : VM_COMPARISON_NOTHING;
}

gint64
vm_comparison_get_deadline (const VmComparison *self)
{
  return self->deadline ? self->deadline : -1;
}

const gchar *
vm_comparison_get_digits (const VmComparison *self)
{
  return self->state == STATE_DIGITS ? self->digits : NULL;
}

gboolean
vm_comparison_was_asked (const VmComparison *self)
{
  return self->state != STATE_IDLE && !self->asks;
}

gboolean
vm_comparison_answer (VmComparison *self, gboolean same, gchar **message)
{
  *message = NULL;
  if (self->state != STATE_DIGITS)
    return FALSE;
  self->found = TRUE;
  self->same = same;
  if (!same) {
    self->open = FALSE;
    *message = format (DIFFER, NULL, 0);
  }
  g_free (self->found_own);
  g_free (self->found_their);
  self->found_own = g_strdup (self->own_fingerprint);
  self->found_their = g_strdup (self->their_fingerprint);
  end (self);
  return TRUE;
}

VmComparisonResult
vm_comparison_get_result (
    const VmComparison *self, const VmComparisonFingerprints *fingerprints)
{
  if (!self->found)
    return VM_COMPARISON_UNKNOWN;
  if (!self->same)
    return VM_COMPARISON_DIFFERENT;
  return is_still (self->found_own, self->found_their, fingerprints)
             ? VM_COMPARISON_SAME
             : VM_COMPARISON_UNKNOWN;
}
