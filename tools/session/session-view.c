/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the others are shown in a window: the user is asked once. */

#include "options/options-config.h"
#include "session/session-priv.h"
#include "ui/ask.h"
#include "ui/digits.h"

#define VMT_VIEW_WAIT 60 /* s; who is not there is asked another time */

gboolean
vmt_session_ask_view (VmtOptions *options, VmtOutput *output)
{
  g_autofree gchar *answer = NULL;
  g_autoptr (GError) error = NULL;
  gboolean given_up = FALSE, yes;

  if (!options->may_ask_view || !vmt_has_display () || !vmt_can_ask (output))
    return TRUE;
  answer = vmt_ask (output, "Show the others in a window here? [y/n]",
      VMT_VIEW_WAIT, &given_up);
  if (!answer || !vmt_answer_parse (answer, &yes))
    return !given_up;
  options->view = yes;
  if (!vmt_options_keep_answer ("view", yes, &error)) {
    g_autofree gchar *text =
        g_strdup_printf ("The answer is for now alone: %s", error->message);

    vmt_output_warning (output, NULL, text);
    return TRUE;
  }
  vmt_output_line (output, VMT_STYLE_PLAIN,
      yes ? "Yes; --no-view leaves the window out. This is not asked again."
          : "No; --view opens a window. This is not asked again.");
  return TRUE;
}
