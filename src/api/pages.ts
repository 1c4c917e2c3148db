/** The frame of the pages beside the dashboard, signing in, and how the broker's login went. Values are escaped by `html`. */
import { html } from 'hono/html';
import { istDate, istTime } from '../domain/clock.ts';
import type { LoginOutcome } from './login.ts';

export type Html = ReturnType<typeof html>;

function page(title: string, content: Html): Html {
  return shell(
    title,
    ['page.css'],
    html`<body class="plain">
<main class="plain-card">
<h1>${title}</h1>
${content}
</main>
</body>`,
  );
}

/** A page to read from top to bottom: the report, the reference. */
export function readingPage(title: string, content: Html): Html {
  return shell(
    title,
    ['page.css', 'reading.css'],
    html`<body class="reading">
<main>
<h1>${title}</h1>
${content}
</main>
</body>`,
  );
}

function shell(title: string, styles: readonly string[], body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/dashboard/icon.svg" type="image/svg+xml">
${styles.map((file) => html`<link rel="stylesheet" href="/dashboard/${file}">`)}
</head>
${body}
</html>`;
}

const TO_DASHBOARD = html`<p><a class="button" href="/live_trading.html">Open the dashboard</a></p>`;

export type SignInProblem = 'spent_link' | 'wrong_link' | 'wrong_token';

const TERMINAL =
  'A new link stands in the terminal where the program runs; without that terminal, npm start once more shows it.';
const SIGN_IN_PROBLEMS: Record<SignInProblem, string> = {
  spent_link: `This sign-in link was used already, or is too old: a link signs one browser in, once. ${TERMINAL}`,
  wrong_link: 'This is no sign-in link of this program, or a part of it is missing. Copy the whole link.',
  wrong_token: 'That is not the API token. Nothing was changed.',
};

export function signInPage(problem: SignInProblem | null): Html {
  return page(
    'Sign in',
    html`${problem ? html`<p class="notice" role="alert">${SIGN_IN_PROBLEMS[problem]}</p>` : ''}
<p>Open the sign-in link that <code>npm start</code> prints, or paste the API token (the setting <code>API_TOKEN</code>, otherwise the file <code>api-token</code> in the data folder).</p>
<form method="post" action="/sign-in">
<label for="token">API token</label>
<input id="token" name="token" type="password" autocomplete="off" required>
<button class="button" type="submit">Sign in</button>
</form>
<p>Signed in already? <a href="/live_trading.html">Go to the dashboard</a>.</p>`,
  );
}

export function signedInPage(): Html {
  return page('Signed in', html`<p>This browser is signed in.</p>${TO_DASHBOARD}`);
}

export function loginPage(outcome: LoginOutcome): Html {
  switch (outcome.kind) {
    case 'accepted':
      return page(
        'Logged in at Zerodha',
        html`<p>Logged in as ${outcome.userId}. The login holds until ${istTime(outcome.expiresAt)} IST on ${istDate(outcome.expiresAt)}.</p>${TO_DASHBOARD}`,
      );
    case 'exchanging':
      return page(
        'Login received',
        html`<p>The login is kept and is still being confirmed with Zerodha. The dashboard shows how it goes.</p>${TO_DASHBOARD}`,
      );
    case 'refused':
      return page(
        'Zerodha refused the login',
        html`<p>Zerodha says: “${outcome.reason}”. Log in again.</p>
<p><a class="button" href="/live/auth/login">Log in at Zerodha</a></p>${TO_DASHBOARD}`,
      );
  }
}

/** The redirect itself cannot be believed, or says that nobody logged in. */
export function loginProblemPage(problem: string): Html {
  return page(
    'Not logged in',
    html`<p>${problem}</p><p><a class="button" href="/live/auth/login">Log in at Zerodha</a></p>${TO_DASHBOARD}`,
  );
}
