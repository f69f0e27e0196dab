// What a browser can add to the hosted pages. Everything works without it.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const zero = document.body.dataset.zero.codePointAt(0);
  const local = text => text.replace(/\d/g, digit => String.fromCodePoint(zero + +digit));
  const latin = text => text.replace(/[٠-٩]/g, c => c.charCodeAt(0) - 0x660).replace(/[۰-۹]/g, c => c.charCodeAt(0) - 0x6f0);
  const digits = text => latin(text).replace(/\D/g, "");

  // The secret opened the page; it need not stay in the address, the history or a screenshot.
  const address = new URL(location.href);
  if (address.searchParams.has("client_secret")) {
    address.searchParams.delete("client_secret");
    history.replaceState(history.state, "", address);
  }

  one("#alarm")?.focus();

  // Card fields.
  const number = one("#card_number"), expiry = one("#card_expiry"), cvv = one("#card_cvv"), holder = one("#card_holder");
  const isAmex = text => /^3[47]/.test(text);
  const grouped = text => {
    const shape = isAmex(text) ? /^(\d{1,4})(\d{1,6})?(\d{1,5})?/ : /^(\d{1,4})(\d{1,4})?(\d{1,4})?(\d{1,4})?(\d{1,3})?/;
    return (text.match(shape) || []).slice(1).filter(Boolean).join(" ");
  };
  const asExpiry = (text, deleting) => {
    if (/^[2-9]/.test(text)) text = "0" + text;
    if (text.length > 4) text = text.slice(0, 2) + text.slice(-2);
    return text.length > 2 || (text.length === 2 && !deleting) ? text.slice(0, 2) + " / " + text.slice(2) : text;
  };
  const rewrite = (input, write) => input?.addEventListener("input", event => {
    const before = digits(input.value.slice(0, input.selectionStart)).length;
    const atEnd = input.selectionStart === input.value.length;
    input.value = write(digits(input.value), /^delete/.test(event.inputType || ""));
    let place = input.value.length;
    if (!atEnd) for (place = 0; digits(input.value.slice(0, place)).length < before; place++);
    input.setSelectionRange(place, place);
  });
  rewrite(number, grouped);
  rewrite(expiry, asExpiry);
  rewrite(cvv, text => text.slice(0, 4));

  // The same rules as the server's, told at once.
  const luhn = text => [...text].reverse().reduce((sum, digit, place) => sum + (place % 2 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit] : +digit), 0) % 10 === 0;
  const checks = {
    email: input => !input.value.trim() ? "missing" : !input.validity.valid && "wrong",
    phone: input => !input.value.trim() ? "missing" : !/^\d{8,15}$/.test(digits(input.value)) && "wrong",
    card_number: input => { const text = digits(input.value); return !(text.length > 11 && text.length < 20 && luhn(text)) && "wrong"; },
    card_expiry: input => {
      const [, month, year] = digits(input.value).match(/^(\d\d)(\d\d)$/) || [];
      return !(month > 0 && month < 13) ? "wrong" : "20" + year + month < input.dataset.now && "over";
    },
    card_cvv: input => digits(input.value).length !== (isAmex(digits(number.value)) ? 4 : 3) && "wrong",
    card_holder: input => !input.value.trim() && "wrong",
  };
  const say = (input, problem) => {
    const line = one("#" + input.id + "-wrong");
    line.textContent = problem ? input.dataset[problem] : "";
    line.hidden = !problem;
    problem ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    return problem;
  };
  const form = one("form[data-pay]");
  const byCard = () => !form.elements.gateway || form.elements.gateway.value === "CREDIT_CARD";
  const card = [number, expiry, cvv, holder].filter(Boolean);
  if (form) {
    form.noValidate = true;
    for (const input of all("input", form).filter(input => checks[input.id])) {
      input.addEventListener("change", () => input.value && say(input, checks[input.id](input)));
      input.addEventListener("input", () => input.hasAttribute("aria-invalid") && !checks[input.id](input) && say(input));
    }
  }
  const firstWrong = () => all("input", form)
    .filter(input => checks[input.id] && (byCard() || !card.includes(input)))
    .filter(input => say(input, checks[input.id](input)))[0];

  // One click, one request.
  for (const once of all("form[data-once]")) once.addEventListener("submit", event => {
    if (once.dataset.sent) return event.preventDefault();
    const wrong = once === form && firstWrong();
    if (wrong) { event.preventDefault(); return wrong.focus(); }
    once.dataset.sent = "1";
    // A wallet needs no card, so none is sent to be ignored.
    if (once === form && !byCard()) for (const input of card) input.disabled = true;
    const button = event.submitter;
    button?.classList.add("busy");
    button?.setAttribute("aria-disabled", "true");
    if (button?.dataset.busy) one(".say", button).textContent = button.dataset.busy;
  });
  // Back from the wallet by the browser's button: the page is as it was, so it is loaded anew.
  addEventListener("pageshow", event => event.persisted && location.reload());

  // The time that is left, said aloud twice only.
  const left = one("[data-left]");
  if (left && +left.dataset.left > 0) {
    const end = performance.now() + left.dataset.left * 1000, clock = one("[role=timer]", left), said = all("[data-says] > *");
    const tick = () => {
      const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
      left.hidden = seconds >= 3600;
      clock.textContent = local(String(seconds / 60 | 0).padStart(2, "0") + ":" + String(seconds % 60).padStart(2, "0"));
      for (const line of said) line.hidden = !(seconds <= +line.dataset.at && seconds > line.dataset.at - 20);
      if (seconds) return setTimeout(tick, 1000);
      left.textContent = left.dataset.over;
      if (!form.dataset.sent) setTimeout(() => location.reload(), 2000);
    };
    tick();
  }

  // Whether the payment is done.
  const poll = one("[data-poll]");
  if (poll) {
    const ask = async () => {
      try {
        const answer = await fetch(poll.dataset.poll, { headers: { accept: "application/json" }, cache: "no-store" });
        if (answer.ok && (await answer.json()).settled) return location.replace(poll.dataset.next);
      } catch { /* Ask again. */ }
      setTimeout(ask, poll.dataset.every * 1000);
    };
    setTimeout(ask, 1500);
  }

  // The way back to the merchant.
  const forward = one("[data-forward]");
  if (forward) {
    const going = setTimeout(() => location.assign(forward.dataset.to), forward.dataset.forward * 1000), stay = one("button", forward);
    stay.hidden = false;
    stay.addEventListener("click", () => { clearTimeout(going); forward.remove(); });
  }

  for (const button of all("[data-print], [data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (!button.dataset.copy) return print();
      const input = one("#" + button.dataset.copy);
      input.select();
      try { await navigator.clipboard.writeText(input.value); } catch { document.execCommand("copy"); }
      one("span", button).textContent = button.dataset.done;
    });
  }
})();
