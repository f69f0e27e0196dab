// What a browser adds to the hosted pages. All works without it.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const digits = text => text.replace(/[٠-٩۰-۹]/g, c => c.charCodeAt(0) & 15).replace(/\D/g, "");
  const zero = document.body.dataset.zero.charCodeAt(0);
  const local = text => text.replace(/\d/g, digit => String.fromCharCode(zero + +digit));

  // No secret stays in the address.
  const here = new URL(location);
  if (here.searchParams.has("client_secret")) {
    here.searchParams.delete("client_secret");
    history.replaceState(null, "", here);
  }
  one("#alarm")?.focus();

  // Numbers are grouped while they are typed.
  const card = ["number", "expiry", "cvv", "holder"].map(name => one("#card_" + name));
  const [number, expiry, cvv] = card;
  const amex = () => /^3[47]/.test(digits(number.value));
  const rewrite = (input, write) => input?.addEventListener("input", event => {
    const count = digits(input.value.slice(0, input.selectionStart)).length;
    let place = input.selectionStart === input.value.length ? 99 : 0;
    input.value = write(digits(input.value), /^delete/.test(event.inputType));
    while (place < input.value.length && digits(input.value.slice(0, place)).length < count) place++;
    input.setSelectionRange(place, place);
  });
  rewrite(number, text => amex() ? text.slice(0, 15).replace(/^(.{4})(.{1,6})/, "$1 $2 ").trim() : text.slice(0, 19).replace(/.{4}(?=.)/g, "$& "));
  rewrite(expiry, (text, less) => {
    if (text > "1~") text = "0" + text;
    if (text.length > 4) text = text.slice(0, 2) + text.slice(-2);
    return text.length > 2 || text.length > 1 && !less ? text.slice(0, 2) + " / " + text.slice(2) : text;
  });
  rewrite(cvv, text => text.slice(0, 4));

  const luhn = text => [...text].reverse().reduce((sum, digit, place) => sum + +(place % 2 ? "0246813579"[digit] : digit), 0) % 10 < 1;
  const checks = {
    email: input => !input.value.trim() ? "missing" : !input.validity.valid && "wrong",
    phone: input => !input.value.trim() ? "missing" : !/^\d{8,15}$/.test(digits(input.value)) && "wrong",
    card_number: input => !(/^\d{12,19}$/.test(digits(input.value)) && luhn(digits(input.value))) && "wrong",
    card_expiry: input => {
      const [, month, year] = /^(0[1-9]|1[0-2])(\d\d)$/.exec(digits(input.value)) || [];
      return !year ? "wrong" : "20" + year + month < input.dataset.now && "over";
    },
    card_cvv: input => digits(input.value).length !== (amex() ? 4 : 3) && "wrong",
    card_holder: input => !input.value.trim() && "wrong",
  };
  const form = one("[data-pay]");
  const fields = form ? all("input", form).filter(input => checks[input.id]) : [];
  const check = input => {
    const problem = checks[input.id](input), line = one("#" + input.id + "-wrong");
    line.hidden = !problem;
    line.textContent = problem ? input.dataset[problem] : "";
    problem ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    return problem;
  };
  const byCard = () => form.elements.gateway.value === "CREDIT_CARD";
  if (form) form.noValidate = true;
  for (const input of fields) {
    input.addEventListener("change", () => input.value && check(input));
    input.addEventListener("input", () => input.ariaInvalid && !checks[input.id](input) && check(input));
  }

  // One click, one request.
  for (const once of all("[data-once]")) once.addEventListener("submit", event => {
    const asked = once === form ? fields.filter(input => byCard() || !card.includes(input)) : [];
    const [wrong] = asked.filter(check);
    if (wrong || once.dataset.sent) {
      event.preventDefault();
      return wrong?.focus();
    }
    once.dataset.sent = 1;
    // A wallet needs no card, so none is sent.
    for (const input of fields) input.disabled = !asked.includes(input);
    const button = event.submitter;
    button?.classList.add("busy");
    button?.setAttribute("aria-disabled", "true");
    if (button?.dataset.busy) one(".say", button).textContent = button.dataset.busy;
  });
  // Nothing is sent again.
  const anew = () => location.replace(location.pathname);
  addEventListener("pageshow", event => event.persisted && anew());

  const left = one("[data-left]");
  if (+left?.dataset.left) {
    const end = performance.now() + left.dataset.left * 1000;
    const tick = () => {
      const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
      const two = number => String(number | 0).padStart(2, "0");
      left.hidden = seconds >= 3600;
      one("[role=timer]", left).textContent = local(two(seconds / 60) + ":" + two(seconds % 60));
      for (const line of all("[data-at]")) line.hidden = seconds > line.dataset.at || seconds < line.dataset.at - 20;
      if (seconds) return setTimeout(tick, 1000);
      left.textContent = left.dataset.over;
      if (!form.dataset.sent) setTimeout(anew, 2000);
    };
    tick();
  }

  const { poll, next, every } = one("[data-poll]")?.dataset || {};
  const ask = async () => {
    try {
      const answer = await fetch(poll, { cache: "no-store" });
      if (answer.ok && (await answer.json()).settled) return location.replace(next);
    } catch {}
    setTimeout(ask, every * 1000);
  };
  if (poll) setTimeout(ask, 1500);

  const forward = one("[data-forward]");
  if (forward) {
    const going = setTimeout(() => location.assign(forward.dataset.to), forward.dataset.forward * 1000);
    const stay = one("button", forward);
    stay.hidden = false;
    stay.onclick = () => (clearTimeout(going), forward.remove());
  }

  for (const button of all("[data-print], [data-copy]")) {
    button.hidden = false;
    button.onclick = async () => {
      if (!button.dataset.copy) return print();
      await navigator.clipboard.writeText(one("#" + button.dataset.copy).value);
      one("span", button).textContent = button.dataset.done;
    };
  }
})();
