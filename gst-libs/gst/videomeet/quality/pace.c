/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quality/pace.h"

#include <string.h>

#define SECOND (1000 * VM_DELAY_MS)
/* The loudest of late fades by this part with each piece: in some 4 s. */
#define FADE 200

static void
follow (VmPace *self, gint64 time, gint64 delay, gboolean encoded_sound)
{
  gint64 interval = CLAMP (time - self->in, 0, VM_PACE_INTERVAL_MAX);
  gint64 up = interval / (encoded_sound ? VM_PACE_STRETCH : VM_PACE_UP);
  gint64 down = interval / (encoded_sound ? VM_PACE_STRETCH : VM_PACE_DOWN);

  self->shift += CLAMP (delay - self->shift, -down, up);
}

gint64
vm_pace_take (
    VmPace *self, gint64 time, gint64 delay, gint64 now, gboolean encoded_sound)
{
  gint64 out;

  if (self->begun && time >= self->in - VM_PACE_JUMP)
    follow (self, time, delay, encoded_sound);
  else
    self->shift = delay;
  out = time + self->shift;
  /* it is shown at once, where it would be thrown away as too late */
  if (!encoded_sound)
    out = MAX (out, now);
  if (self->begun)
    out = MAX (out, self->out + VM_DELAY_MS);
  out = MAX (out, 0);
  self->begun = TRUE;
  self->in = time;
  self->out = out;
  return out;
}

static gint64
samples_to_time (gint64 samples, guint rate)
{
  return samples * SECOND / rate;
}

static gint64
time_to_samples (gint64 time, guint rate)
{
  return time * rate / SECOND;
}

static gboolean
is_silent (VmPaceSound *self, gint peak)
{
  self->loudest = MAX (peak, self->loudest - self->loudest / FADE);
  return peak <= MAX (VM_PACE_SILENCE, self->loudest / VM_PACE_QUIET);
}

/* Sets where it is in what goes out, but for what it is changed by. */
static void
place (VmPaceSound *self, gint64 time, gint64 delay, VmPacePlan *plan)
{
  gint64 jump = time - self->in;

  if (!self->begun || ABS (jump) > VM_PACE_JUMP) {
    self->out = MAX (time + delay, 0);
    self->begun = TRUE;
    plan->begins = TRUE;
  } else if (jump > VM_PACE_HOLE) {
    /* nothing is heard there, and nothing is cut off */
    self->out = MAX (time + delay, self->out);
    plan->begins = TRUE;
  }
}

void
vm_pace_sound (VmPaceSound *self, gint64 time, guint samples, guint rate,
    gint64 delay, gint64 now, gint peak, VmPacePlan *plan)
{
  gint64 change, most = samples / VM_PACE_STRETCH;
  gboolean silent = is_silent (self, peak);

  *plan = (VmPacePlan){ 0 };
  place (self, time, delay, plan);
  plan->time = self->out;
  self->in = time + samples_to_time (samples, rate);
  change = CLAMP (time + delay - self->out, -VM_PACE_JUMP, VM_PACE_JUMP);
  if (ABS (change) >= VM_PACE_IGNORED) {
    gint64 count = time_to_samples (change, rate);
    /* it is heard anyway: it comes when it should have been played */
    gint64 missed = MAX (time_to_samples (now - self->out, rate), 0);

    if (count < 0 && silent)
      plan->drop = MIN (-count, samples);
    else if (count > 0 && (silent || missed))
      plan->insert = silent ? count : MIN (count, missed);
    else
      plan->stretch = CLAMP (count, -most, most);
  }
  self->out += samples_to_time (vm_pace_count (plan, samples), rate);
}

guint
vm_pace_count (const VmPacePlan *plan, guint samples)
{
  return plan->insert + samples - plan->drop + plan->stretch;
}

/* Its first and last samples stay where they are: nothing jumps at its ends. */
static void
stretch (const gint16 *in, guint n_in, guint channels, gint16 *out, guint n_out)
{
  for (guint i = 0; i < n_out; i++) {
    guint64 at = n_out > 1 ? (guint64) i * (n_in - 1) * 65536 / (n_out - 1) : 0;
    guint before = at / 65536, after = MIN (before + 1, n_in - 1);
    gint part = at % 65536;

    for (guint c = 0; c < channels; c++) {
      gint a = in[before * channels + c], b = in[after * channels + c];

      out[i * channels + c] = a + (gint) ((gint64) (b - a) * part / 65536);
    }
  }
}

void
vm_pace_write (const VmPacePlan *plan, const gint16 *in, guint samples,
    guint channels, gint16 *out)
{
  guint left = samples - plan->drop;

  memset (out, 0, (gsize) plan->insert * channels * sizeof *out);
  out += plan->insert * channels;
  in += plan->drop * channels;
  if (plan->stretch && left)
    stretch (in, left, channels, out, left + plan->stretch);
  else
    memcpy (out, in, (gsize) left * channels * sizeof *out);
}

gint
vm_pace_peak (const gint16 *in, guint count)
{
  gint peak = 0;

  for (guint i = 0; i < count; i++)
    peak = MAX (peak, ABS ((gint) in[i]));
  return peak;
}
