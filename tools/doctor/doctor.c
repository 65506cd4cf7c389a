/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor/doctor.h"
#include "cmd/commands.h"

static const struct
{
  const gchar *name, *mark;
  VmtStyle style;
} kinds[VMT_FOUND_N] = {
  [VMT_FOUND_GOOD] = { "good", "good", VMT_STYLE_GOOD },
  [VMT_FOUND_WARNING] = { "warning", "warn", VMT_STYLE_STRONG },
  [VMT_FOUND_BAD] = { "bad", "BAD", VMT_STYLE_BAD },
  [VMT_FOUND_SKIPPED] = { "skipped", "-", VMT_STYLE_FAINT },
};

void
vmt_doctor_tell (VmtDoctor *self, const gchar *check, VmtFound found,
    JsonObject *details, const gchar *advice, const gchar *format, ...)
{
  JsonObject *event = vmt_event_new ("check");
  g_autofree gchar *message = NULL, *safe = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  safe = vmt_text_safe (message);
  self->n[found]++;
  vmt_event_add_string (event, "check", check);
  vmt_event_add_string (event, "result", kinds[found].name);
  vmt_event_add_string (event, "message", safe);
  vmt_event_add_string (event, "advice", advice);
  if (details) {
    vmt_event_add_members (event, details);
    json_object_unref (details);
  }
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, kinds[found].style, "%-5s %-12s %s",
      kinds[found].mark, check, safe);
  if (advice)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%*s%s", 19, "", advice);
}

gint
vmt_cmd_doctor (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  VmtDoctor self = { options, output, { 0 } };
  JsonObject *summary = vmt_event_new ("summary");

  vmt_doctor_check_system (&self);
  vmt_doctor_check_network (&self);
  vmt_doctor_check_servers (&self);
  vmt_doctor_check_media (&self);
  for (guint i = 0; i < VMT_FOUND_N; i++)
    json_object_set_int_member (summary, kinds[i].name, self.n[i]);
  vmt_output_event (output, summary);
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "%u good, %u to look at, %u bad, %u skipped", self.n[VMT_FOUND_GOOD],
      self.n[VMT_FOUND_WARNING], self.n[VMT_FOUND_BAD],
      self.n[VMT_FOUND_SKIPPED]);
  return self.n[VMT_FOUND_BAD] ? VMT_EXIT_FAILED : VMT_EXIT_OK;
}
